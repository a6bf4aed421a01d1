resource "google_monitoring_notification_channel" "email" {
  display_name = "${var.name} operator"
  type         = "email"

  labels = {
    email_address = var.alert_email
  }

  depends_on = [google_project_service.needed]
}

# Checks from several continents through DNS, certificate and load balancer, like a client.
resource "google_monitoring_uptime_check_config" "ready" {
  display_name = "${var.name} ready"
  period       = "60s"
  timeout      = "10s"

  http_check {
    path         = "/readyz"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type = "uptime_url"

    labels = {
      project_id = var.project_id
      host       = local.worker_host
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_monitoring_alert_policy" "not_ready" {
  display_name          = "${var.name}: the worker is not ready"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "/readyz fails from more than one place for 5 minutes"

    condition_threshold {
      filter = join(" AND ", [
        "metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\"",
        "resource.type = \"uptime_url\"",
        "metric.label.check_id = \"${google_monitoring_uptime_check_config.ready.uptime_check_id}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    content = "The worker cannot be reached, or PostHog is away. Clients keep their events and retry."
  }
}

resource "google_monitoring_alert_policy" "errors" {
  display_name          = "${var.name}: the worker answers with errors"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "More than 5 % of the answers are 5xx for 10 minutes"

    condition_threshold {
      filter = join(" AND ", [
        "metric.type = \"run.googleapis.com/request_count\"",
        "resource.type = \"cloud_run_revision\"",
        "resource.label.service_name = \"${google_cloud_run_v2_service.worker.name}\"",
        "metric.label.response_code_class = \"5xx\"",
      ])
      denominator_filter = join(" AND ", [
        "metric.type = \"run.googleapis.com/request_count\"",
        "resource.type = \"cloud_run_revision\"",
        "resource.label.service_name = \"${google_cloud_run_v2_service.worker.name}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0.05
      duration        = "600s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }

      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Clients keep what was not answered with 204. See the worker's log for the reason."
  }
}

resource "google_monitoring_alert_policy" "few_machines" {
  display_name          = "${var.name}: too few forwarders"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "Fewer machines than the least for 10 minutes"

    condition_threshold {
      filter = join(" AND ", [
        "metric.type = \"compute.googleapis.com/instance_group/size\"",
        "resource.type = \"instance_group\"",
        "resource.label.instance_group_name = \"${google_compute_region_instance_group_manager.forwarder.name}\"",
      ])
      comparison      = "COMPARISON_LT"
      threshold_value = var.forwarder_min_machines
      duration        = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_MEAN"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  conditions {
    display_name = "As many machines as there may be for 10 minutes"

    condition_threshold {
      filter = join(" AND ", [
        "metric.type = \"compute.googleapis.com/instance_group/size\"",
        "resource.type = \"instance_group\"",
        "resource.label.instance_group_name = \"${google_compute_region_instance_group_manager.forwarder.name}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = var.forwarder_max_machines - 0.5
      duration        = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_MEAN"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Datagrams are best effort, and are lost while there is nobody to take them."
  }
}

# The forwarder logs its losses every 30 seconds, if there are any. Depending on the logging agent, the
# line is text or already parsed.
resource "google_logging_metric" "lost_datagrams" {
  name        = "${var.name}/lost-datagrams"
  description = "Times that a forwarder lost datagrams: in the kernel, or because its queue was full"
  filter      = <<-EOT
    resource.type="gce_instance"
    log_id("cos_containers")
    jsonPayload.message=~"\"(kernelDrops|gaveWay)\":" OR jsonPayload.kernelDrops>0 OR jsonPayload.gaveWay>0
  EOT

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.needed]
}

resource "google_monitoring_alert_policy" "lost_datagrams" {
  display_name          = "${var.name}: datagrams are lost"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "Lost in the kernel or in the queue, in each of 10 minutes"

    condition_threshold {
      filter = join(" AND ", [
        "metric.type = \"logging.googleapis.com/user/${google_logging_metric.lost_datagrams.name}\"",
        "resource.type = \"gce_instance\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "kernelDrops: more machines, or a larger receive_buffer_bytes. gaveWay: the worker is away or too slow."
  }
}

# No retry fixes these: someone must act at PostHog.
resource "google_monitoring_alert_policy" "posthog" {
  display_name          = "${var.name}: PostHog wants something"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "PostHog refuses the key, or says that the quota is used up"

    condition_matched_log {
      filter = <<-EOT
        resource.type="cloud_run_revision"
        resource.labels.service_name=~"^${var.name}-(worker|deliver)$"
        jsonPayload.trouble:("the API key is refused" OR "over its quota")
      EOT
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content = "Events stay with the clients until this is repaired, thirty days at most. PostHog does not always say that the quota is used up: look at its billing page too."
  }
}

# The delivering worker logs the buffer's backlog once a minute, if there is one.
resource "google_monitoring_alert_policy" "buffer" {
  display_name          = "${var.name}: the buffer fills"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "An event waits for more than 15 minutes, half of the room is taken, or there are dead letters"

    condition_matched_log {
      filter = <<-EOT
        resource.type="cloud_run_revision"
        resource.labels.service_name="${var.name}-deliver"
        jsonPayload.msg="buffer"
        jsonPayload.oldestSeconds>900 OR jsonPayload.share>0.5 OR jsonPayload.deadLetters>0
      EOT
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content = "Nothing is lost until the buffer is full or its age limit is reached (BUFFER_MAX_AGE_HOURS). See the log of the delivering worker for the reason, and infra/README.md for dead letters."
  }
}
