# Turns a machine with Container-Optimized OS into a ClickHouse server.
locals {
  # Runs before every start, so that new secrets need no new machine. They stay in memory (/run). The disk
  # is formatted once, and never if it holds anything. 101 is the image's own user.
  clickhouse_prepare = <<-EOT
    set -eu
    umask 077

    disk=/dev/disk/by-id/google-clickhouse
    blkid "$disk" >/dev/null || mkfs.ext4 -q -L clickhouse "$disk"
    mkdir -p /mnt/disks/clickhouse
    mountpoint -q /mnt/disks/clickhouse || mount -o noatime,nodev,nosuid,noexec "$disk" /mnt/disks/clickhouse
    chown 101:101 /mnt/disks/clickhouse

    # The system's own firewall admits only what is named: HTTPS, replication, and Keeper's two ports.
    allow() { iptables -w -C INPUT "$@" -j ACCEPT 2>/dev/null || iptables -w -A INPUT "$@" -j ACCEPT; }
    for port in 8443 9010 9234 9281; do allow -p tcp --dport $port; done

    ${local.machine_secrets}
    server=$(curl -fsS --retry 5 -H 'Metadata-Flavor: Google' "$metadata/instance/attributes/clickhouse-server")
    files="$RUNTIME_DIRECTORY/files"
    mkdir -p "$files"
    secret ${var.name}-clickhouse-tls > "$files/tls.pem"
    secret ${var.name}-clickhouse-ca > "$files/ca.pem"
    password=$(secret ${var.name}-clickhouse-password)
    test -s "$files/tls.pem" -a -s "$files/ca.pem" -a -n "$password"
    chown -R 101:101 "$files"

    printf 'https://%s.${local.clickhouse_domain}:8443/' "$server" > "$RUNTIME_DIRECTORY/url"
    printf 'X-ClickHouse-User: ${var.clickhouse_user}\nX-ClickHouse-Key: %s\n' "$password" > "$RUNTIME_DIRECTORY/headers"
    {
      number=0
      for host in ${join(" ", values(local.clickhouse_hosts))}; do
        number=$((number + 1))
        echo "HOST_$number=$host"
      done
      cat <<END
    SERVER_ID=$${server##*-}
    REPLICA=$server.${local.clickhouse_domain}
    CLICKHOUSE_USER=${var.clickhouse_user}
    CLICKHOUSE_PASSWORD=$password
    END
    } > "$RUNTIME_DIRECTORY/env"
  EOT

  clickhouse_unit = <<-EOT
    [Unit]
    Description=Telemetry ClickHouse
    Wants=network-online.target docker.service
    After=network-online.target docker.service
    StartLimitIntervalSec=0

    [Service]
    RuntimeDirectory=clickhouse
    RuntimeDirectoryMode=0700
    Environment=HOME=/run/clickhouse
    ExecStartPre=/bin/sh /etc/clickhouse/prepare.sh
    ExecStartPre=-/usr/bin/docker rm --force clickhouse
    ExecStart=/usr/bin/docker run --rm --name clickhouse \
      --network host --user 101:101 --cap-drop ALL --security-opt no-new-privileges \
      --ulimit nofile=262144:262144 --log-opt max-size=10m --log-opt max-file=3 \
      --volume /etc/clickhouse/config.d:/etc/clickhouse-server/config.d:ro \
      --volume /run/clickhouse/files:/run/clickhouse:ro \
      --volume /mnt/disks/clickhouse:/var/lib/clickhouse --env-file /run/clickhouse/env \
      ${var.clickhouse_image}
    ExecStop=/usr/bin/docker stop -t 60 clickhouse
    TimeoutStartSec=300
    TimeoutStopSec=75
    Restart=always
    RestartSec=3

    [Install]
    WantedBy=multi-user.target
  EOT

  # Needs two Keepers, so it tries until another server is up. The image's own way to run a statement tries
  # once, at the first start.
  clickhouse_database = <<-EOT
    set -eu
    exec curl -fsS --cacert /run/clickhouse/files/ca.pem -H @/run/clickhouse/headers \
      --data-binary @/etc/clickhouse/database.sql "$(cat /run/clickhouse/url)"
  EOT

  clickhouse_database_unit = <<-EOT
    [Unit]
    Description=Telemetry ClickHouse database
    Requires=clickhouse.service
    After=clickhouse.service
    StartLimitIntervalSec=0

    [Service]
    Type=oneshot
    RemainAfterExit=yes
    ExecStart=/bin/sh /etc/clickhouse/database.sh
    TimeoutStartSec=120
    Restart=on-failure
    RestartSec=10

    [Install]
    WantedBy=multi-user.target
  EOT

  clickhouse_cloud_config = join("\n", ["#cloud-config", yamlencode({
    write_files = [
      { path = "/etc/clickhouse/config.d/cluster.xml", content = file("${path.module}/../clickhouse/cluster.xml") },
      { path = "/etc/clickhouse/config.d/machines.xml", content = file("${path.module}/../clickhouse/machines.xml") },
      { path = "/etc/clickhouse/database.sql", content = file("${path.module}/../clickhouse/database.sql") },
      { path = "/etc/clickhouse/prepare.sh", content = local.clickhouse_prepare },
      { path = "/etc/clickhouse/database.sh", content = local.clickhouse_database },
      { path = "/etc/systemd/system/clickhouse.service", content = local.clickhouse_unit },
      { path = "/etc/systemd/system/clickhouse-database.service", content = local.clickhouse_database_unit },
    ]
    runcmd = [
      "systemctl daemon-reload",
      "systemctl enable --now --no-block clickhouse.service clickhouse-database.service",
    ]
  })])
}
