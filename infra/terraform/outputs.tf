output "http_endpoint" {
  description = "Where clients post events to."
  value       = "https://${local.worker_host}/v1/t"
}

output "udp_endpoint" {
  description = "Where clients send datagrams to."
  value       = "${local.udp_host}:${var.udp_port}"
}

output "addresses" {
  description = "The addresses for the hosts' records, for hosts outside the telemetry zone."
  value = {
    (local.worker_host) = {
      A    = google_compute_global_address.https_ipv4.address
      AAAA = google_compute_global_address.https_ipv6.address
    }
    (local.udp_host) = {
      A = google_compute_address.udp.address
    }
  }
}

output "name_servers" {
  description = "The NS records that the parent zone must have for the telemetry zone."
  value       = google_dns_managed_zone.telemetry.name_servers
}

output "image_prefix" {
  description = "The prefix of the image names: push /worker and /udp-forwarder there."
  value       = local.image_prefix
}

output "secret_ids" {
  description = "The secrets that need a value by hand, by the variable that reads them."
  value       = { for name, secret in google_secret_manager_secret.worker : name => secret.secret_id }
}

output "worker_service_account" {
  description = "The identity of the worker, which may read its secrets and nothing else."
  value       = google_service_account.worker.email
}

output "forwarder_service_account" {
  description = "The identity of the forwarder's machines."
  value       = google_service_account.forwarder.email
}

output "buffer_hosts" {
  description = "The hosts that the buffer servers' certificate must contain."
  value       = values(local.buffer_hosts)
}

output "clickhouse_hosts" {
  description = "The hosts that the ClickHouse servers' certificate must contain."
  value       = values(local.clickhouse_hosts)
}
