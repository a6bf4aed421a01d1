# Every instance of a worker has a collector beside it (worker.tf, deliver.tf), which adds the
# instance's id to each sample. Scraping through the load balancer would reach one instance at random.
resource "google_project_iam_member" "metrics" {
  for_each = {
    worker  = google_service_account.worker.member
    deliver = google_service_account.deliver.member
  }

  project = var.project_id
  role    = "roles/monitoring.metricWriter"
  member  = each.value
}

locals {
  # The alerts that Prometheus gets, too. The forwarders are not scraped here: their alert is made of
  # their log (alerts.tf), and whether the sink works is seen from outside.
  alerts = {
    for rule in yamldecode(file("${path.module}/../monitoring/alerts.yaml")).groups[0].rules : rule.alert => rule
    if !contains(["DatagramsLost", "SinkAway"], rule.alert)
  }
}

resource "google_monitoring_alert_policy" "metrics" {
  for_each = local.alerts

  display_name          = "${var.name}: ${each.value.annotations.summary}"
  combiner              = "OR"
  severity              = upper(each.value.labels.severity)
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = each.value.annotations.summary

    condition_prometheus_query_language {
      query               = each.value.expr
      duration            = each.value.for
      evaluation_interval = "60s"
    }
  }

  documentation {
    content = each.value.annotations.description
  }

  depends_on = [google_project_iam_member.metrics]
}
