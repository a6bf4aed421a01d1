-- Tables made on one replica appear on all of them.
CREATE DATABASE IF NOT EXISTS telemetry ENGINE = Replicated('/clickhouse/databases/telemetry', '{shard}', '{replica}');
