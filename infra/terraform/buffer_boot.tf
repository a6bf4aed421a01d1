# Turns a machine with Container-Optimized OS into a buffer server.
locals {
  # The same file as in compose.cluster.yaml. TLS is used for clients and between the
  # servers, with one certificate from their own authority.
  buffer_tls = <<-EOT
    tls {
      cert_file: "/run/buffer/tls.pem"
      key_file: "/run/buffer/tls.pem"
      ca_file: "/run/buffer/ca.pem"
    }
  EOT

  # Runs before every start, so that new secrets need no new machine. They stay in memory (/run). The disk
  # is formatted once, and never if it holds anything.
  buffer_prepare = <<-EOT
    set -eu
    umask 077

    disk=/dev/disk/by-id/google-buffer
    blkid "$disk" >/dev/null || mkfs.ext4 -q -L buffer "$disk"
    mkdir -p /mnt/disks/buffer
    mountpoint -q /mnt/disks/buffer || mount -o noatime,nodev,nosuid,noexec "$disk" /mnt/disks/buffer

    # The system's own firewall admits only what is named.
    allow() { iptables -w -C INPUT "$@" -j ACCEPT 2>/dev/null || iptables -w -A INPUT "$@" -j ACCEPT; }
    allow -p tcp --dport 4222
    allow -p tcp --dport 6222

    ${local.machine_secrets}
    server=$(curl -fsS --retry 5 -H 'Metadata-Flavor: Google' "$metadata/instance/attributes/buffer-server")
    secret ${var.name}-buffer-tls > "$RUNTIME_DIRECTORY/tls.pem"
    secret ${var.name}-buffer-ca > "$RUNTIME_DIRECTORY/ca.pem"
    passwords=$(secret ${var.name}-buffer-passwords)
    test -s "$RUNTIME_DIRECTORY/tls.pem" -a -s "$RUNTIME_DIRECTORY/ca.pem" -a -n "$passwords"
    route=$(printf '%s\n' "$passwords" | sed -n 's/^BUFFER_ROUTE_PASSWORD=//p')
    test -n "$route"

    routes=
    for host in ${join(" ", values(local.buffer_hosts))}; do
      routes="$routes\"nats://route:$route@$host:6222\", "
    done
    cat > "$RUNTIME_DIRECTORY/env" <<END
    BUFFER_SERVER=$server
    BUFFER_STORE=/data
    BUFFER_STORE_BYTES=${floor(var.buffer_disk_gb * 1073741824 * 0.85)}
    BUFFER_ROUTES=[$routes]
    $passwords
    END
  EOT

  buffer_unit = <<-EOT
    [Unit]
    Description=Telemetry buffer
    Wants=network-online.target docker.service
    After=network-online.target docker.service
    StartLimitIntervalSec=0

    [Service]
    RuntimeDirectory=buffer
    RuntimeDirectoryMode=0700
    Environment=HOME=/run/buffer
    ExecStartPre=/bin/sh /etc/buffer/prepare.sh
    ExecStartPre=-/usr/bin/docker rm --force buffer
    ExecStart=/usr/bin/docker run --rm --name buffer \
      --network host --read-only --cap-drop ALL --security-opt no-new-privileges \
      --log-opt max-size=10m --log-opt max-file=3 \
      --volume /etc/buffer:/etc/nats:ro --volume /run/buffer:/run/buffer:ro \
      --volume /mnt/disks/buffer:/data --env-file /run/buffer/env \
      ${var.buffer_image} nats-server --config /etc/nats/nats.conf
    ExecStop=/usr/bin/docker stop -t 30 buffer
    TimeoutStartSec=300
    TimeoutStopSec=45
    Restart=always
    RestartSec=3

    [Install]
    WantedBy=multi-user.target
  EOT

  buffer_cloud_config = join("\n", ["#cloud-config", yamlencode({
    write_files = [
      { path = "/etc/buffer/nats.conf", content = file("${path.module}/../nats/nats.conf") },
      { path = "/etc/buffer/tls.conf", content = local.buffer_tls },
      { path = "/etc/buffer/prepare.sh", content = local.buffer_prepare },
      { path = "/etc/systemd/system/buffer.service", content = local.buffer_unit },
    ]
    runcmd = [
      "systemctl daemon-reload",
      "systemctl enable --now --no-block buffer.service",
    ]
  })])
}
