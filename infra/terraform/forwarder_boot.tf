# Turns a machine with Container-Optimized OS into a forwarder.
locals {
  # net.core.rmem_max bounds the forwarder's receive buffer, netdev_max_backlog the queue before it.
  forwarder_sysctl = <<-EOT
    net.core.rmem_max = ${var.receive_buffer_bytes}
    net.core.netdev_max_backlog = 10000
  EOT

  # Runs before every start, so that a new ingestion key needs no new machine. The key stays in memory
  # (/run) and is never a program's argument, which others on the machine could read.
  forwarder_prepare = <<-EOT
    set -eu
    umask 077

    docker-credential-gcr configure-docker --registries=${local.registry_host}

    # The system's own firewall admits only what is named.
    allow() { iptables -w -C INPUT "$@" -j ACCEPT 2>/dev/null || iptables -w -A INPUT "$@" -j ACCEPT; }
    allow -p udp --dport ${var.udp_port}
    allow -p tcp --dport ${var.health_port}

    field() { tr -d '\n' | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }
    metadata=http://metadata.google.internal/computeMetadata/v1
    token=$(curl -fsS --retry 5 -H 'Metadata-Flavor: Google' \
      "$metadata/instance/service-accounts/default/token" | field access_token)
    keys=$(printf 'Authorization: Bearer %s\n' "$token" | curl -fsS --retry 5 -H @- \
      'https://secretmanager.googleapis.com/v1/${google_secret_manager_secret.worker["INGESTION_KEY"].id}/versions/latest:access' \
      | field data | base64 -d)
    test -n "$keys"

    # Several keys are valid during rotation; the forwarder sends the first.
    cat > "$RUNTIME_DIRECTORY/env" <<END
    UDP_PORT=${var.udp_port}
    HEALTH_PORT=${var.health_port}
    TELEMETRY_HTTP_ENDPOINT=https://${local.worker_host}/ingest
    TELEMETRY_INGESTION_KEY=$${keys%%,*}
    FORWARDER_CONCURRENCY=${var.forwarder_concurrency}
    FORWARDER_RECEIVE_BUFFER_BYTES=${var.receive_buffer_bytes}
    END
  EOT

  # The host's network avoids address translation before the socket, and makes /proc/net/udp, where the
  # forwarder counts kernel drops, the socket's own.
  forwarder_unit = <<-EOT
    [Unit]
    Description=Telemetry UDP forwarder
    Wants=network-online.target docker.service
    After=network-online.target docker.service
    StartLimitIntervalSec=0

    [Service]
    RuntimeDirectory=telemetry-forwarder
    RuntimeDirectoryMode=0700
    Environment=HOME=/run/telemetry-forwarder
    ExecStartPre=/bin/sh /etc/telemetry-forwarder/prepare.sh
    ExecStartPre=-/usr/bin/docker rm --force telemetry-forwarder
    ExecStart=/usr/bin/docker run --rm --name telemetry-forwarder \
      --network host --read-only --cap-drop ALL --security-opt no-new-privileges \
      --log-opt max-size=10m --log-opt max-file=3 \
      --env-file /run/telemetry-forwarder/env ${local.forwarder_image}
    ExecStop=/usr/bin/docker stop -t 12 telemetry-forwarder
    TimeoutStartSec=300
    TimeoutStopSec=20
    Restart=always
    RestartSec=3

    [Install]
    WantedBy=multi-user.target
  EOT

  forwarder_cloud_config = join("\n", ["#cloud-config", yamlencode({
    write_files = [
      { path = "/etc/sysctl.d/90-telemetry.conf", content = local.forwarder_sysctl },
      { path = "/etc/telemetry-forwarder/prepare.sh", content = local.forwarder_prepare },
      { path = "/etc/systemd/system/telemetry-forwarder.service", content = local.forwarder_unit },
    ]
    runcmd = [
      "sysctl --load /etc/sysctl.d/90-telemetry.conf",
      "systemctl daemon-reload",
      "systemctl enable --now --no-block telemetry-forwarder.service",
    ]
  })])
}
