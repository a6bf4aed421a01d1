# ClickHouse as a further sink behind the buffer: a cluster of your own, or a service. Its servers are not
# created here.
locals {
  clickhouse_secrets = toset(var.clickhouse_url == "" ? [] : ["clickhouse-password"])

  clickhouse_environment = var.clickhouse_url == "" ? {} : {
    CLICKHOUSE_URL           = var.clickhouse_url
    CLICKHOUSE_DATABASE      = var.clickhouse_database
    CLICKHOUSE_USER          = var.clickhouse_user
    CLICKHOUSE_PASSWORD_FILE = "/run/clickhouse/password"
    CLICKHOUSE_REPLICATED    = var.clickhouse_replicated ? "1" : "0"
    RETENTION_DAYS           = var.clickhouse_retention_days
  }
}

# The password is added by hand, like the other secrets.
resource "google_secret_manager_secret" "clickhouse" {
  for_each = local.clickhouse_secrets

  secret_id = "${var.name}-${each.key}"

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "clickhouse" {
  for_each = local.clickhouse_secrets

  secret_id = google_secret_manager_secret.clickhouse[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.deliver.member
}
