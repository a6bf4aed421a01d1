locals {
  # The buffer's secrets and their readers. Their values are added by hand (README).
  buffer_secrets = {
    for secret, readers in {
      "buffer-ca"                 = ["buffer", "worker", "deliver"]
      "buffer-tls"                = ["buffer"]
      "buffer-passwords"          = ["buffer"]
      "buffer-ingest-credential"  = ["worker"]
      "buffer-deliver-credential" = ["deliver"]
    } : secret => readers
    if var.buffer != "off"
  }

  buffer_readers = {
    buffer  = google_service_account.buffer.member
    worker  = google_service_account.worker.member
    deliver = google_service_account.deliver.member
  }

  buffer_grants = merge([
    for secret, readers in local.buffer_secrets : {
      for reader in readers : "${secret}/${reader}" => { secret = secret, reader = reader }
    }
  ]...)
}

resource "google_secret_manager_secret" "buffer" {
  for_each = local.buffer_secrets

  secret_id = "${var.name}-${each.key}"

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "buffer" {
  for_each = local.buffer_grants

  secret_id = google_secret_manager_secret.buffer[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.buffer_readers[each.value.reader]
}
