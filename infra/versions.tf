terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }

  # The bucket is named at `terraform init`, so that no operator's name stands here.
  backend "gcs" {
    prefix = "runmat-telemetry"
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # The budget is asked for in the name of this project, whoever applies it.
  user_project_override = true
  billing_project       = var.project_id

  default_labels = {
    service = var.name
  }
}
