# From the Internet to the forwarder: a passthrough load balancer. It is not a proxy, so every datagram
# arrives as it was sent, on any healthy machine.

resource "google_compute_address" "udp" {
  name         = "${var.name}-udp"
  region       = var.region
  address_type = "EXTERNAL"
  network_tier = "PREMIUM"

  depends_on = [google_project_service.needed]
}

resource "google_compute_region_health_check" "udp" {
  name                = "${var.name}-udp"
  region              = var.region
  check_interval_sec  = 5
  timeout_sec         = 2
  healthy_threshold   = 1
  unhealthy_threshold = 2

  tcp_health_check {
    port = var.health_port
  }

  depends_on = [google_project_service.needed]
}

resource "google_compute_region_backend_service" "udp" {
  name                            = "${var.name}-udp"
  region                          = var.region
  load_balancing_scheme           = "EXTERNAL"
  protocol                        = "UDP"
  session_affinity                = "NONE"
  connection_draining_timeout_sec = 30
  health_checks                   = [google_compute_region_health_check.udp.id]

  backend {
    group          = google_compute_region_instance_group_manager.forwarder.instance_group
    balancing_mode = "CONNECTION"
  }

  # Its logs would contain clients' addresses.
  log_config {
    enable = false
  }
}

resource "google_compute_forwarding_rule" "udp" {
  name                  = "${var.name}-udp"
  region                = var.region
  load_balancing_scheme = "EXTERNAL"
  ip_protocol           = "UDP"
  ip_address            = google_compute_address.udp.id
  ports                 = [tostring(var.udp_port)]
  backend_service       = google_compute_region_backend_service.udp.id
  network_tier          = google_compute_address.udp.network_tier
}
