# The worker may only read its own secrets.
resource "google_service_account" "worker" {
  account_id   = "${var.name}-worker"
  display_name = "Telemetry worker"

  depends_on = [google_project_service.needed]
}

locals {
  # Settings for clients of the buffer. The files are mounted from Secret Manager.
  buffer_environment = {
    BUFFER_URL        = local.buffer_url
    BUFFER_MAX_BYTES  = tostring(local.buffer_max_bytes)
    BUFFER_CREDS_FILE = "/run/buffer/credential/credential"
    BUFFER_CA_FILE    = "/run/buffer/ca/ca.pem"
  }

  # The worker's volumes when it stores in the buffer, with the secret in each.
  ingest_credentials = var.buffer == "on" ? { credential = "buffer-ingest-credential", ca = "buffer-ca" } : {}
}

resource "google_cloud_run_v2_service" "worker" {
  name                = "${var.name}-worker"
  location            = var.region
  deletion_protection = var.deletion_protection

  # Only through the load balancer, which reports the client's address truthfully.
  ingress              = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  default_uri_disabled = true

  # Public: the worker checks the ingestion key itself.
  invoker_iam_disabled = true

  template {
    service_account                  = google_service_account.worker.email
    max_instance_request_concurrency = var.worker_concurrency

    # Longer than anything in the worker takes; its own timeouts are shorter.
    timeout = "60s"

    scaling {
      min_instance_count = var.worker_min_instances
      max_instance_count = var.worker_max_instances
    }

    # With the buffer on, the worker reaches only the buffer's servers in the private network.
    dynamic "vpc_access" {
      for_each = length(local.ingest_credentials) == 0 ? [] : ["PRIVATE_RANGES_ONLY"]

      content {
        egress = vpc_access.value

        network_interfaces {
          network    = google_compute_network.telemetry.id
          subnetwork = google_compute_subnetwork.forwarder.id
        }
      }
    }

    dynamic "volumes" {
      for_each = local.ingest_credentials

      content {
        name = volumes.key

        secret {
          secret = google_secret_manager_secret.buffer[volumes.value].secret_id

          items {
            version = "latest"
            path    = volumes.key == "ca" ? "ca.pem" : volumes.key
          }
        }
      }
    }

    containers {
      name  = "worker"
      image = local.worker_image

      # Cloud Run passes this number to the worker as PORT.
      ports {
        container_port = 8080
      }

      resources {
        limits = {
          cpu    = var.worker_cpu
          memory = var.worker_memory
        }

        # CPU always allocated: copies for GA4 are sent after the 204, and PostHog is probed between requests.
        cpu_idle          = false
        startup_cpu_boost = true
      }

      dynamic "volume_mounts" {
        for_each = local.ingest_credentials

        content {
          name       = volume_mounts.key
          mount_path = "/run/buffer/${volume_mounts.key}"
        }
      }

      # From Secret Manager: INGESTION_KEY and, without a buffer, the sinks' keys.
      dynamic "env" {
        for_each = local.receive_secrets

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
        for_each = var.buffer == "on" ? merge(local.buffer_environment, { ROLE = "ingest" }) : {}

        content {
          name  = env.key
          value = env.value
        }
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

      env {
        name  = "MAX_BODY_BYTES"
        value = tostring(var.max_body_bytes)
      }

      env {
        name  = "TRUST_PROXY"
        value = tostring(var.trust_proxy)
      }

      # A revision that cannot reach its sink never counts as started and gets no traffic.
      startup_probe {
        period_seconds    = 4
        timeout_seconds   = 4
        failure_threshold = 15

        http_get {
          path = "/readyz"
        }
      }

      # Not /readyz: restarting the worker doesn't bring PostHog back, and would end waiting requests.
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
    google_secret_manager_secret_iam_member.worker,
    google_secret_manager_secret_iam_member.buffer,
  ]
}

# Cloud Run logs every request with the client's address, and this can't be turned off. So these entries
# are excluded from storage. The worker's own log has no addresses.
resource "google_logging_project_exclusion" "worker_requests" {
  name        = "${var.name}-worker-requests"
  description = "Request logs of the telemetry worker contain clients' addresses"
  filter      = <<-EOT
    log_id("run.googleapis.com/requests")
    resource.type="cloud_run_revision"
    resource.labels.service_name="${var.name}-worker"
  EOT

  depends_on = [google_project_service.needed]
}
