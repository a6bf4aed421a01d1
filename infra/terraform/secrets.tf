locals {
  # The worker's environment variables and the secrets they come from.
  worker_secrets = merge(
    {
      INGESTION_KEY   = "ingestion-key"
      POSTHOG_API_KEY = "posthog-api-key"
    },
    var.ga_measurement_id == "" ? {} : { GA_API_SECRET = "ga-api-secret" },
  )

  # A receiving worker doesn't need the sinks' keys.
  receive_secrets = {
    for name, secret in local.worker_secrets : name => secret
    if var.buffer != "on" || name == "INGESTION_KEY"
  }

  # For a machine's shell: `secret NAME` prints the newest value. The token is never a program's argument,
  # which others on the machine could read.
  machine_secrets = <<-EOT
    field() { tr -d '\n' | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }
    metadata=http://metadata.google.internal/computeMetadata/v1
    token=$(curl -fsS --retry 5 -H 'Metadata-Flavor: Google' \
      "$metadata/instance/service-accounts/default/token" | field access_token)
    secret() {
      printf 'Authorization: Bearer %s\n' "$token" | curl -fsS --retry 5 -H @- \
        "https://secretmanager.googleapis.com/v1/projects/${var.project_id}/secrets/$1/versions/latest:access" \
        | field data | base64 -d
    }
  EOT
}

# Terraform creates only the empty secrets. Their values are added by hand (README), so that no secret is
# ever in a plan or in the state.
resource "google_secret_manager_secret" "worker" {
  for_each = local.worker_secrets

  secret_id = "${var.name}-${each.value}"

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "worker" {
  for_each = local.receive_secrets

  secret_id = google_secret_manager_secret.worker[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.worker.member
}

resource "google_secret_manager_secret_iam_member" "forwarder" {
  secret_id = google_secret_manager_secret.worker["INGESTION_KEY"].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.forwarder.member
}
