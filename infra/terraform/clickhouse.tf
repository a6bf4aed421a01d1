# ClickHouse as a further sink behind the buffer: three servers of our own (clickhouse_servers.tf), others
# that you run elsewhere, or a service.
locals {
  clickhouse_url = var.clickhouse_cluster ? join(",", [for host in values(local.clickhouse_hosts) : "https://${host}:8443"]) : var.clickhouse_url

  # The secrets and their readers. Their values are added by hand (README).
  clickhouse_secrets = merge(
    local.clickhouse_url == "" ? {} : { "clickhouse-password" = ["deliver"] },
    var.clickhouse_cluster ? {
      "clickhouse-password" = ["deliver", "clickhouse"]
      "clickhouse-ca"       = ["deliver", "clickhouse"]
      "clickhouse-tls"      = ["clickhouse"]
    } : {},
  )

  # The delivering worker's volumes, with the secret in each.
  clickhouse_files = {
    for secret, readers in local.clickhouse_secrets : trimprefix(secret, "clickhouse-") => secret
    if contains(readers, "deliver")
  }

  clickhouse_environment = local.clickhouse_url == "" ? {} : merge({
    CLICKHOUSE_URL           = local.clickhouse_url
    CLICKHOUSE_DATABASE      = var.clickhouse_database
    CLICKHOUSE_USER          = var.clickhouse_user
    CLICKHOUSE_PASSWORD_FILE = "/run/clickhouse/password/password"
    CLICKHOUSE_REPLICATED    = var.clickhouse_cluster || var.clickhouse_replicated ? "1" : "0"
    RETENTION_DAYS           = var.clickhouse_retention_days
  }, var.clickhouse_cluster ? { CLICKHOUSE_CA_FILE = "/run/clickhouse/ca/ca" } : {})

  clickhouse_readers = {
    deliver    = google_service_account.deliver.member
    clickhouse = google_service_account.clickhouse.member
  }

  clickhouse_grants = merge([
    for secret, readers in local.clickhouse_secrets : {
      for reader in readers : "${secret}/${reader}" => { secret = secret, reader = reader }
    }
  ]...)
}

resource "google_secret_manager_secret" "clickhouse" {
  for_each = local.clickhouse_secrets

  secret_id = "${var.name}-${each.key}"

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "clickhouse" {
  for_each = local.clickhouse_grants

  secret_id = google_secret_manager_secret.clickhouse[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.clickhouse_readers[each.value.reader]
}
