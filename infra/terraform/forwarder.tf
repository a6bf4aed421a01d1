# A forwarder machine may fetch its image, read the ingestion key and write its log.
resource "google_service_account" "forwarder" {
  account_id   = "${var.name}-forwarder"
  display_name = "Telemetry UDP forwarder"

  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "forwarder" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])

  project = var.project_id
  role    = each.value
  member  = google_service_account.forwarder.member
}

data "google_compute_image" "cos" {
  project = "cos-cloud"
  family  = var.forwarder_image_family
}

resource "google_compute_instance_template" "forwarder" {
  name_prefix  = "${var.name}-forwarder-"
  machine_type = var.forwarder_machine_type

  disk {
    source_image = data.google_compute_image.cos.self_link
    disk_size_gb = 10
    disk_type    = "pd-balanced"
    boot         = true
    auto_delete  = true
  }

  # Without `access_config` the machine has no public address.
  network_interface {
    subnetwork = google_compute_subnetwork.forwarder.id
    nic_type   = "GVNIC"
  }

  service_account {
    email  = google_service_account.forwarder.email
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data                  = local.forwarder_cloud_config
    google-logging-enabled     = "true"
    google-monitoring-enabled  = "true"
    block-project-ssh-keys     = "true"
    cos-update-strategy        = "update_disabled"
    disable-legacy-endpoints   = "true"
    serial-port-logging-enable = "false"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Slower than the load balancer's check: that one takes a machine out of traffic, this one deletes it.
resource "google_compute_health_check" "autohealing" {
  name                = "${var.name}-autohealing"
  check_interval_sec  = 10
  timeout_sec         = 5
  healthy_threshold   = 1
  unhealthy_threshold = 6

  tcp_health_check {
    port = var.health_port
  }

  depends_on = [google_project_service.needed]
}

resource "google_compute_region_instance_group_manager" "forwarder" {
  name                      = "${var.name}-forwarder"
  region                    = var.region
  base_instance_name        = "${var.name}-forwarder"
  distribution_policy_zones = var.zones

  version {
    instance_template = google_compute_instance_template.forwarder.self_link_unique
  }

  auto_healing_policies {
    health_check      = google_compute_health_check.autohealing.id
    initial_delay_sec = 180
  }

  # One new machine per zone starts before an old one is removed. (A regional group needs 0 or at least
  # one per zone.)
  update_policy {
    type                         = "PROACTIVE"
    minimal_action               = "REPLACE"
    replacement_method           = "SUBSTITUTE"
    instance_redistribution_type = "PROACTIVE"
    max_surge_fixed              = length(var.zones)
    max_unavailable_fixed        = 0
  }
}

resource "google_compute_region_autoscaler" "forwarder" {
  name   = "${var.name}-forwarder"
  region = var.region
  target = google_compute_region_instance_group_manager.forwarder.id

  autoscaling_policy {
    min_replicas    = var.forwarder_min_machines
    max_replicas    = var.forwarder_max_machines
    cooldown_period = 90

    cpu_utilization {
      target = 0.5
    }

    # Removing a machine loses its queue, so it happens one at a time and rarely.
    scale_in_control {
      time_window_sec = 600

      max_scaled_in_replicas {
        fixed = 1
      }
    }
  }
}
