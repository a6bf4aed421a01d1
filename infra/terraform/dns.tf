locals {
  worker_host = var.domain
  udp_host    = "udp.${var.domain}"
}

# A zone of its own, to which the parent zone delegates (the name servers are an output).
resource "google_dns_managed_zone" "telemetry" {
  name        = var.name
  dns_name    = "${var.domain}."
  description = "The zone of the telemetry service"

  dnssec_config {
    state = "on"
  }

  # Queries are not logged, because that would reveal who asked.
  cloud_logging_config {
    enable_logging = false
  }

  depends_on = [google_project_service.needed]
}

resource "google_dns_record_set" "worker_ipv4" {
  managed_zone = google_dns_managed_zone.telemetry.name
  name         = "${local.worker_host}."
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_global_address.https_ipv4.address]
}

resource "google_dns_record_set" "worker_ipv6" {
  managed_zone = google_dns_managed_zone.telemetry.name
  name         = "${local.worker_host}."
  type         = "AAAA"
  ttl          = 300
  rrdatas      = [google_compute_global_address.https_ipv6.address]
}

resource "google_dns_record_set" "udp" {
  managed_zone = google_dns_managed_zone.telemetry.name
  name         = "${local.udp_host}."
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_address.udp.address]
}
