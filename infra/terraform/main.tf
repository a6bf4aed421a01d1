terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source = "hashicorp/google"
      # Older ones can't close a service's own address (`default_uri_disabled`).
      version = "~> 7.10"
    }
  }

  # The bucket is named at `terraform init`, so that this file names no operator.
  backend "gcs" {
    prefix = "runmat-telemetry"
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # Budget requests are billed to this project, whichever account applies.
  user_project_override = true
  billing_project       = var.project_id

  default_labels = {
    service = var.name
  }
}

# APIs that must be enabled in the project before anything else here can exist.
resource "google_project_service" "needed" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "compute.googleapis.com",
    "dns.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
  ])

  service            = each.value
  disable_on_destroy = false
}

data "google_project" "this" {
  project_id = var.project_id
}
