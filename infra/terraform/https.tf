# From the Internet to the worker: a global load balancer with one certificate, over IPv4
# and IPv6. Nothing listens on port 80, because no client ever speaks plain HTTP.

resource "google_compute_global_address" "https_ipv4" {
  name = "${var.name}-https-ipv4"

  depends_on = [google_project_service.needed]
}

resource "google_compute_global_address" "https_ipv6" {
  name       = "${var.name}-https-ipv6"
  ip_version = "IPV6"

  depends_on = [google_project_service.needed]
}

resource "google_compute_region_network_endpoint_group" "worker" {
  name                  = "${var.name}-worker"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloud_run_v2_service.worker.name
  }
}

resource "google_compute_backend_service" "worker" {
  name                  = "${var.name}-worker"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"

  backend {
    group = google_compute_region_network_endpoint_group.worker.id
  }

  # Its logs would contain clients' addresses.
  log_config {
    enable = false
  }
}

resource "google_compute_url_map" "https" {
  name            = "${var.name}-https"
  default_service = google_compute_backend_service.worker.id
}

resource "google_compute_managed_ssl_certificate" "https" {
  name = "${var.name}-https"

  managed {
    domains = ["${local.worker_host}."]
  }

  depends_on = [google_project_service.needed]
}

resource "google_compute_ssl_policy" "https" {
  name            = "${var.name}-https"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"

  depends_on = [google_project_service.needed]
}

resource "google_compute_target_https_proxy" "https" {
  name             = "${var.name}-https"
  url_map          = google_compute_url_map.https.id
  ssl_certificates = [google_compute_managed_ssl_certificate.https.id]
  ssl_policy       = google_compute_ssl_policy.https.id
}

resource "google_compute_global_forwarding_rule" "https_ipv4" {
  name                  = "${var.name}-https-ipv4"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_https_proxy.https.id
  ip_address            = google_compute_global_address.https_ipv4.id
  port_range            = "443"
}

resource "google_compute_global_forwarding_rule" "https_ipv6" {
  name                  = "${var.name}-https-ipv6"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  target                = google_compute_target_https_proxy.https.id
  ip_address            = google_compute_global_address.https_ipv6.id
  port_range            = "443"
}
