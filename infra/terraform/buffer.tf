# The buffer: three NATS servers, one per zone, each with a disk that outlives its machine.
locals {
  buffer_zones = var.buffer == "off" ? [] : slice(var.zones, 0, 3)

  # The servers by name, with their zones. The certificate of the servers must hold these hosts.
  buffer_servers = { for index, zone in local.buffer_zones : "nats-${index + 1}" => zone }
  buffer_domain  = "buffer.${var.name}.internal"
  buffer_hosts   = { for name, zone in local.buffer_servers : name => "${name}.${local.buffer_domain}" }

  # Settings for the receiving and delivering workers. The stream leaves room on the disk.
  buffer_url       = join(",", [for host in values(local.buffer_hosts) : "tls://${host}:4222"])
  buffer_max_bytes = floor(var.buffer_disk_gb * 1073741824 * 0.75)
}

# A server may read its own secrets and write its log.
resource "google_service_account" "buffer" {
  account_id   = "${var.name}-buffer"
  display_name = "Telemetry buffer"

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "buffer" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])

  project = var.project_id
  role    = each.value
  member  = google_service_account.buffer.member
}

# Its events are promised to clients, so it is deleted only together with an unprotected machine.
resource "google_compute_disk" "buffer" {
  for_each = local.buffer_servers

  name = "${var.name}-${each.key}"
  zone = each.value
  type = "pd-balanced"
  size = var.buffer_disk_gb

  depends_on = [google_project_service.needed]
}

resource "google_compute_address" "buffer" {
  for_each = local.buffer_servers

  name         = "${var.name}-${each.key}"
  region       = var.region
  address_type = "INTERNAL"
  subnetwork   = google_compute_subnetwork.forwarder.id
}

resource "google_compute_instance" "buffer" {
  for_each = local.buffer_servers

  name                      = "${var.name}-${each.key}"
  zone                      = each.value
  machine_type              = var.buffer_machine_type
  deletion_protection       = var.deletion_protection
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = data.google_compute_image.cos.self_link
      size  = 10
      type  = "pd-balanced"
    }
  }

  attached_disk {
    source      = google_compute_disk.buffer[each.key].id
    device_name = "buffer"
  }

  # Without `access_config` the server has no public address.
  network_interface {
    subnetwork = google_compute_subnetwork.forwarder.id
    network_ip = google_compute_address.buffer[each.key].address
    nic_type   = "GVNIC"
  }

  service_account {
    email  = google_service_account.buffer.email
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data                  = local.buffer_cloud_config
    buffer-server              = each.key
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
resource "google_dns_managed_zone" "buffer" {
  name        = "${var.name}-buffer"
  dns_name    = "${local.buffer_domain}."
  description = "The servers of the buffer"
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.telemetry.id
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_dns_record_set" "buffer" {
  for_each = local.buffer_hosts

  managed_zone = google_dns_managed_zone.buffer.name
  name         = "${each.value}."
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_address.buffer[each.key].address]
}

# Clients and the other servers all have addresses in the subnetwork. The rule has no logs.
resource "google_compute_firewall" "buffer" {
  name                    = "${var.name}-buffer"
  network                 = google_compute_network.telemetry.name
  direction               = "INGRESS"
  source_ranges           = [var.subnet_range]
  target_service_accounts = [google_service_account.buffer.email]

  allow {
    protocol = "tcp"
    ports    = ["4222", "6222"]
  }
}
