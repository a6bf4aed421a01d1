locals {
  registry_host = "${var.region}-docker.pkg.dev"
  image_prefix  = "${local.registry_host}/${var.project_id}/${google_artifact_registry_repository.images.repository_id}"

  worker_image    = "${local.image_prefix}/worker:${var.image_tag}"
  forwarder_image = "${local.image_prefix}/udp-forwarder:${var.image_tag}"
}

resource "google_artifact_registry_repository" "images" {
  location      = var.region
  repository_id = var.name
  description   = "Images of the telemetry worker and the UDP forwarder"
  format        = "DOCKER"

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "90d"
    }
  }

  # Keep rules win over delete rules, so running images and rollback targets stay.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }

  depends_on = [google_project_service.needed]
}

# Forwarder machines fetch their image themselves. Cloud Run has an agent for that.
resource "google_artifact_registry_repository_iam_member" "forwarder" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.forwarder.member
}
