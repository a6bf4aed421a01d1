locals {
  # The sources of Google's health checks: autohealing and the load balancer.
  # https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
  health_check_ranges = [
    "35.191.0.0/16",
    "130.211.0.0/22",
    "209.85.152.0/22",
    "209.85.204.0/22",
  ]
}

resource "google_compute_network" "telemetry" {
  name                    = var.name
  auto_create_subnetworks = false

  depends_on = [google_project_service.needed]
}

# Without `log_config` there are no flow logs, which would contain clients' addresses.
resource "google_compute_subnetwork" "forwarder" {
  name                     = "${var.name}-forwarder"
  network                  = google_compute_network.telemetry.id
  region                   = var.region
  ip_cidr_range            = var.subnet_range
  private_ip_google_access = true
}

# The machines have no public addresses: datagrams come through the load balancer, and posts to the
# worker leave through here.
resource "google_compute_router" "forwarder" {
  name    = "${var.name}-forwarder"
  network = google_compute_network.telemetry.id
  region  = var.region
}

resource "google_compute_router_nat" "forwarder" {
  name                               = "${var.name}-forwarder"
  router                             = google_compute_router.forwarder.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.forwarder.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = false
    filter = "ERRORS_ONLY"
  }
}

# No rule here has `log_config`: firewall logs would contain clients' addresses.
resource "google_compute_firewall" "udp" {
  name                    = "${var.name}-udp"
  network                 = google_compute_network.telemetry.name
  direction               = "INGRESS"
  source_ranges           = ["0.0.0.0/0"]
  target_service_accounts = [google_service_account.forwarder.email]

  allow {
    protocol = "udp"
    ports    = [tostring(var.udp_port)]
  }
}

resource "google_compute_firewall" "health" {
  name                    = "${var.name}-health"
  network                 = google_compute_network.telemetry.name
  direction               = "INGRESS"
  source_ranges           = local.health_check_ranges
  target_service_accounts = [google_service_account.forwarder.email]

  allow {
    protocol = "tcp"
    ports    = [tostring(var.health_port)]
  }
}
