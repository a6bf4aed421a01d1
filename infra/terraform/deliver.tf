# The delivering worker, from the buffer to the sinks. Only Google's probes call it.
resource "google_service_account" "deliver" {
  account_id   = "${var.name}-deliver"
  display_name = "Telemetry delivery"

  depends_on = [google_project_service.needed]
}

locals {
  # The delivering worker gets the sinks' keys, not the clients'.
  deliver_secrets = {
    for name, secret in local.worker_secrets : name => secret
    if name != "INGESTION_KEY"
  }
}

resource "google_secret_manager_secret_iam_member" "deliver" {
  for_each = local.deliver_secrets

  secret_id = google_secret_manager_secret.worker[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.deliver.member
}

resource "google_cloud_run_v2_service" "deliver" {
  for_each = toset(var.buffer == "off" ? [] : ["deliver"])

  name                 = "${var.name}-${each.key}"
  location             = var.region
  deletion_protection  = var.deletion_protection
  ingress              = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  default_uri_disabled = true

  template {
    service_account = google_service_account.deliver.email

    scaling {
      min_instance_count = var.deliver_instances
      max_instance_count = var.deliver_instances
    }

    # Only private traffic goes through our network; the sinks are reached as before.
    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = google_compute_network.telemetry.id
        subnetwork = google_compute_subnetwork.forwarder.id
      }
    }

    volumes {
      name = "credential"

      secret {
        secret = google_secret_manager_secret.buffer["buffer-deliver-credential"].secret_id

        items {
          version = "latest"
          path    = "credential"
        }
      }
    }

    volumes {
      name = "ca"

      secret {
        secret = google_secret_manager_secret.buffer["buffer-ca"].secret_id

        items {
          version = "latest"
          path    = "ca.pem"
        }
      }
    }

    dynamic "volumes" {
      for_each = local.clickhouse_files

      content {
        name = "clickhouse-${volumes.key}"

        secret {
          secret = google_secret_manager_secret.clickhouse[volumes.value].secret_id

          items {
            version = "latest"
            path    = volumes.key
          }
        }
      }
    }

    containers {
      name  = "worker"
      image = local.worker_image

      ports {
        container_port = 8080
      }

      resources {
        limits = {
          cpu    = var.worker_cpu
          memory = var.worker_memory
        }

        # It works without requests.
        cpu_idle          = false
        startup_cpu_boost = true
      }

      volume_mounts {
        name       = "credential"
        mount_path = "/run/buffer/credential"
      }

      volume_mounts {
        name       = "ca"
        mount_path = "/run/buffer/ca"
      }

      dynamic "volume_mounts" {
        for_each = local.clickhouse_files

        content {
          name       = "clickhouse-${volume_mounts.key}"
          mount_path = "/run/clickhouse/${volume_mounts.key}"
        }
      }

      # From Secret Manager: POSTHOG_API_KEY and, with GA4, GA_API_SECRET.
      dynamic "env" {
        for_each = local.deliver_secrets

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.worker[env.key].secret_id
              version = "latest"
            }
          }
        }
      }

      dynamic "env" {
        for_each = merge(local.buffer_environment, local.clickhouse_environment)

        content {
          name  = env.key
          value = env.value
        }
      }

      env {
        name  = "ROLE"
        value = "deliver"
      }

      # The disk is memory, and no place for tombstones.
      env {
        name  = "EVENTS_DIR"
        value = ""
      }

      env {
        name  = "POSTHOG_HOST"
        value = var.posthog_host
      }

      env {
        name  = "GA_MEASUREMENT_ID"
        value = var.ga_measurement_id
      }

      # /healthz: a restart would not bring back a sink or a buffer that is down.
      startup_probe {
        period_seconds    = 4
        timeout_seconds   = 4
        failure_threshold = 15

        http_get {
          path = "/healthz"
        }
      }

      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 5
        failure_threshold = 3

        http_get {
          path = "/healthz"
        }
      }
    }

    # Scrapes /metrics of the worker beside it and writes to Managed Service for Prometheus.
    containers {
      name       = "metrics"
      image      = var.metrics_image
      depends_on = ["worker"]
    }
  }

  depends_on = [
    google_secret_manager_secret_iam_member.clickhouse,
    google_secret_manager_secret_iam_member.deliver,
    google_secret_manager_secret_iam_member.buffer,
  ]
}
