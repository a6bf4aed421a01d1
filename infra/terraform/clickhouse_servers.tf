# Three ClickHouse servers, one per zone, each with a replica of everything, a Keeper inside, and a disk
# that outlives its machine. Any one of them may fail.
locals {
  clickhouse_zones = var.clickhouse_cluster ? slice(var.zones, 0, 3) : []

  # The servers by name, with their zones. The certificate of the servers must hold these hosts.
  clickhouse_servers = { for index, zone in local.clickhouse_zones : "clickhouse-${index + 1}" => zone }
  clickhouse_domain  = "clickhouse.${var.name}.internal"
  clickhouse_hosts   = { for name, zone in local.clickhouse_servers : name => "${name}.${local.clickhouse_domain}" }
}

# A server may read its own secrets and write its log.
resource "google_service_account" "clickhouse" {
  account_id   = "${var.name}-clickhouse"
  display_name = "Telemetry ClickHouse"

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "clickhouse" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])

  project = var.project_id
  role    = each.value
  member  = google_service_account.clickhouse.member
}

resource "google_compute_disk" "clickhouse" {
  for_each = local.clickhouse_servers

  name = "${var.name}-${each.key}"
  zone = each.value
  type = "pd-balanced"
  size = var.clickhouse_disk_gb

  depends_on = [google_project_service.needed]
}

resource "google_compute_address" "clickhouse" {
  for_each = local.clickhouse_servers

  name         = "${var.name}-${each.key}"
  region       = var.region
  address_type = "INTERNAL"
  subnetwork   = google_compute_subnetwork.forwarder.id
}

resource "google_compute_instance" "clickhouse" {
  for_each = local.clickhouse_servers

  name                      = "${var.name}-${each.key}"
  zone                      = each.value
  machine_type              = var.clickhouse_machine_type
  deletion_protection       = var.deletion_protection
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = data.google_compute_image.cos.self_link
      size  = 20
      type  = "pd-balanced"
    }
  }

  attached_disk {
    source      = google_compute_disk.clickhouse[each.key].id
    device_name = "clickhouse"
  }

  # Without `access_config` the server has no public address.
  network_interface {
    subnetwork = google_compute_subnetwork.forwarder.id
    network_ip = google_compute_address.clickhouse[each.key].address
    nic_type   = "GVNIC"
  }

  service_account {
    email  = google_service_account.clickhouse.email
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data                  = local.clickhouse_cloud_config
    clickhouse-server          = each.key
    google-logging-enabled     = "true"
    google-monitoring-enabled  = "true"
    block-project-ssh-keys     = "true"
    cos-update-strategy        = "update_disabled"
    disable-legacy-endpoints   = "true"
    serial-port-logging-enable = "false"
  }

  # Machines get a newer system image only when an operator replaces them, one at a time.
  lifecycle {
    ignore_changes = [boot_disk[0].initialize_params[0].image]
  }
}

# Private names that the certificate can contain.
resource "google_dns_managed_zone" "clickhouse" {
  name        = "${var.name}-clickhouse"
  dns_name    = "${local.clickhouse_domain}."
  description = "The ClickHouse servers"
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.telemetry.id
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_dns_record_set" "clickhouse" {
  for_each = local.clickhouse_hosts

  managed_zone = google_dns_managed_zone.clickhouse.name
  name         = "${each.value}."
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_address.clickhouse[each.key].address]
}

# The delivering worker asks over HTTPS; the other ports are for the servers among themselves. No logs.
resource "google_compute_firewall" "clickhouse" {
  name                    = "${var.name}-clickhouse"
  network                 = google_compute_network.telemetry.name
  direction               = "INGRESS"
  source_ranges           = [var.subnet_range]
  target_service_accounts = [google_service_account.clickhouse.email]

  allow {
    protocol = "tcp"
    ports    = ["8443", "9010", "9234", "9281"]
  }
}
