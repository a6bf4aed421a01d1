locals {
  worker_host   = coalesce(var.worker_host, var.domain)
  udp_host      = coalesce(var.udp_host, local.udp_subdomain)
  udp_subdomain = "udp.${var.domain}"

  # Names in our zone get their records here. Others are set in the zone that they belong to (outputs).
  own_names = toset([
    for host in [local.worker_host, local.udp_host] : host
    if host == var.domain || endswith(host, ".${var.domain}")
  ])
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
  for_each = setintersection(local.own_names, [local.worker_host])

  managed_zone = google_dns_managed_zone.telemetry.name
  name         = "${each.value}."
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_global_address.https_ipv4.address]
}

resource "google_dns_record_set" "worker_ipv6" {
  for_each = setintersection(local.own_names, [local.worker_host])

  managed_zone = google_dns_managed_zone.telemetry.name
  name         = "${each.value}."
  type         = "AAAA"
  ttl          = 300
  rrdatas      = [google_compute_global_address.https_ipv6.address]
}

resource "google_dns_record_set" "udp" {
  for_each = setintersection(local.own_names, [local.udp_host])

  managed_zone = google_dns_managed_zone.telemetry.name
  name         = "${each.value}."
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_address.udp.address]
}
