# Location

variable "project_id" {
  description = "The Google Cloud project for everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "name" {
  description = "The prefix of all resource names."
  type        = string
  default     = "runmat-telemetry"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,17}[a-z0-9]$", var.name))
    error_message = "4 to 19 lower-case letters, digits and hyphens; account names allow 30."
  }
}

variable "region" {
  description = "The region of the worker, the forwarder and the images."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1."
  }
}

variable "zones" {
  description = "The zones of the forwarder's machines."
  type        = list(string)
  default     = ["us-central1-a", "us-central1-b", "us-central1-f"]

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones) && length(var.zones) >= 2
    error_message = "At least two different zones, so that one may fail."
  }

  validation {
    condition     = alltrue([for zone in var.zones : startswith(zone, "${var.region}-")])
    error_message = "Every zone must be in the region."
  }
}

variable "domain" {
  description = "The domain of the telemetry service. Terraform creates a zone for it."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "A host name in lower case, without a trailing dot."
  }
}

variable "worker_host" {
  description = "The worker's host, such as api.runmat.com. The domain itself if empty."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63})?$", var.worker_host))
    error_message = "A host name in lower case, without a trailing dot, or nothing."
  }
}

variable "udp_host" {
  description = "The forwarder's host, such as udp.telemetry.runmat.com. The domain with udp. in front if empty."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63})?$", var.udp_host))
    error_message = "A host name in lower case, without a trailing dot, or nothing."
  }
}

variable "subnet_range" {
  description = "The private addresses of the forwarder's machines."
  type        = string
  default     = "10.78.46.0/24"

  validation {
    condition     = can(cidrhost(var.subnet_range, 0))
    error_message = "A range such as 10.78.46.0/24."
  }
}

variable "image_tag" {
  description = "The tag of both images, such as their version."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "A tag that always means the same image, so not latest."
  }
}

variable "deletion_protection" {
  description = "Whether workers and the buffer's and ClickHouse's servers are protected from being destroyed."
  type        = bool
  default     = true
}

# The worker

variable "worker_min_instances" {
  description = "The minimum number of worker instances."
  type        = number
  default     = 2

  validation {
    condition     = var.worker_min_instances >= 1 && floor(var.worker_min_instances) == var.worker_min_instances
    error_message = "A whole number from 1, so that no request waits for a start."
  }
}

variable "worker_max_instances" {
  description = "The maximum number of worker instances. It bounds the cost of a flood."
  type        = number
  default     = 20

  validation {
    condition     = var.worker_max_instances >= var.worker_min_instances && floor(var.worker_max_instances) == var.worker_max_instances
    error_message = "A whole number, not less than worker_min_instances."
  }
}

variable "worker_concurrency" {
  description = "Concurrent requests per instance. They wait together for one group commit."
  type        = number
  default     = 500

  validation {
    condition     = var.worker_concurrency >= 1 && var.worker_concurrency <= 1000
    error_message = "From 1 to 1000, which is what Cloud Run allows."
  }
}

variable "worker_cpu" {
  description = "Processors of one worker instance, which is one Node process."
  type        = string
  default     = "1"

  validation {
    condition     = contains(["1", "2", "4"], var.worker_cpu)
    error_message = "1, 2 or 4: with less than 1, Cloud Run allows one request at a time."
  }
}

variable "worker_memory" {
  description = "Memory of one worker instance."
  type        = string
  default     = "512Mi"

  validation {
    condition     = can(regex("^[1-9][0-9]*(Mi|Gi)$", var.worker_memory))
    error_message = "An amount such as 512Mi or 1Gi."
  }
}

variable "max_body_bytes" {
  description = "The largest request that the worker reads (MAX_BODY_BYTES)."
  type        = number
  default     = 1048576

  validation {
    condition     = var.max_body_bytes >= 1024 && var.max_body_bytes <= 16777216
    error_message = "From 1024 to 16777216, the worker's limits."
  }
}

variable "trust_proxy" {
  description = "How many addresses our own proxies add to X-Forwarded-For (TRUST_PROXY). The load balancer adds two: the client's and its own."
  type        = number
  default     = 2

  validation {
    condition     = var.trust_proxy >= 0 && var.trust_proxy <= 8
    error_message = "From 0 to 8, the worker's limits."
  }
}

variable "posthog_host" {
  description = "The PostHog instance that stores events (POSTHOG_HOST)."
  type        = string
  default     = "https://us.i.posthog.com"

  validation {
    condition     = startswith(var.posthog_host, "https://")
    error_message = "An address that begins with https://."
  }
}

variable "ga_measurement_id" {
  description = "The GA4 property that gets a copy of each event (GA_MEASUREMENT_ID). Empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(G-[A-Z0-9]+)?$", var.ga_measurement_id))
    error_message = "A measurement id such as G-ABC123, or nothing."
  }
}

variable "metrics_image" {
  description = "The collector beside each worker, which writes its metrics to Managed Service for Prometheus."
  type        = string
  default     = "us-docker.pkg.dev/cloud-ops-agents-artifacts/cloud-run-gmp-sidecar/cloud-run-gmp-sidecar:1.2.0"

  validation {
    condition     = can(regex("^[a-z0-9./_-]+:[A-Za-z0-9._-]+(@sha256:[0-9a-f]{64})?$", var.metrics_image)) && !endswith(var.metrics_image, ":latest")
    error_message = "A name with a tag that always means the same image."
  }
}

# The buffer

variable "buffer" {
  description = "The buffer between worker and sinks: off, ready (running and delivering) or on (the worker stores in it)."
  type        = string
  default     = "off"

  validation {
    condition     = contains(["off", "ready", "on"], var.buffer)
    error_message = "One of off, ready and on. Go through ready in both directions."
  }

  validation {
    condition     = var.buffer == "off" || length(var.zones) >= 3
    error_message = "The buffer needs three zones, one for each server."
  }
}

variable "buffer_machine_type" {
  description = "The machine type of a buffer server."
  type        = string
  default     = "e2-medium"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.buffer_machine_type))
    error_message = "A machine type such as e2-medium."
  }
}

variable "buffer_image" {
  description = "The nats-server image, for example in your own registry."
  type        = string
  default     = "docker.io/library/nats:2.11-alpine"

  validation {
    condition     = can(regex("^[a-z0-9./_-]+:[A-Za-z0-9._-]+(@sha256:[0-9a-f]{64})?$", var.buffer_image)) && !endswith(var.buffer_image, ":latest")
    error_message = "A name with a tag that always means the same image."
  }
}

variable "buffer_disk_gb" {
  description = "The disk of each buffer server. The stream may take three quarters of it."
  type        = number
  default     = 50

  validation {
    condition     = var.buffer_disk_gb >= 10 && floor(var.buffer_disk_gb) == var.buffer_disk_gb && var.buffer_disk_gb <= 1000
    error_message = "A whole number from 10 to 1000."
  }
}

variable "deliver_instances" {
  description = "The number of delivering instances."
  type        = number
  default     = 2

  validation {
    condition     = var.deliver_instances >= 2 && floor(var.deliver_instances) == var.deliver_instances
    error_message = "A whole number from 2, so that one may fail."
  }
}

# ClickHouse

variable "clickhouse_cluster" {
  description = "Whether to create three ClickHouse servers."
  type        = bool
  default     = false

  validation {
    condition     = !var.clickhouse_cluster || (var.clickhouse_url == "" && var.clickhouse_database == "telemetry")
    error_message = "Servers created here have addresses and a database of their own: set neither."
  }

  validation {
    condition     = !var.clickhouse_cluster || (var.buffer != "off" && length(var.zones) >= 3)
    error_message = "It needs the buffer, and three zones, one for each server."
  }
}

variable "clickhouse_machine_type" {
  description = "The machine type of a ClickHouse server."
  type        = string
  default     = "e2-standard-2"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.clickhouse_machine_type))
    error_message = "A machine type such as e2-standard-2."
  }
}

variable "clickhouse_image" {
  description = "The ClickHouse image, for example in your own registry."
  type        = string
  default     = "docker.io/clickhouse/clickhouse-server:25.8-alpine"

  validation {
    condition     = can(regex("^[a-z0-9./_-]+:[A-Za-z0-9._-]+(@sha256:[0-9a-f]{64})?$", var.clickhouse_image)) && !endswith(var.clickhouse_image, ":latest")
    error_message = "A name with a tag that always means the same image."
  }
}

variable "clickhouse_disk_gb" {
  description = "The disk of each ClickHouse server."
  type        = number
  default     = 100

  validation {
    condition     = var.clickhouse_disk_gb >= 10 && floor(var.clickhouse_disk_gb) == var.clickhouse_disk_gb && var.clickhouse_disk_gb <= 10000
    error_message = "A whole number from 10 to 10000."
  }
}

variable "clickhouse_url" {
  description = "The HTTPS addresses of replicas that you run elsewhere, with commas between (CLICKHOUSE_URL). Empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(https://[^,@ ]+(,https://[^,@ ]+)*)?$", var.clickhouse_url))
    error_message = "Addresses that begin with https:// and hold no user, or nothing."
  }

  validation {
    condition     = var.clickhouse_url == "" || var.buffer != "off"
    error_message = "ClickHouse beside PostHog needs the buffer."
  }
}

variable "clickhouse_database" {
  description = "The database, which must exist (CLICKHOUSE_DATABASE)."
  type        = string
  default     = "telemetry"

  validation {
    condition     = can(regex("^[A-Za-z_][A-Za-z0-9_]{0,63}$", var.clickhouse_database))
    error_message = "A plain name."
  }
}

variable "clickhouse_user" {
  description = "The user that creates the table, inserts and erases (CLICKHOUSE_USER)."
  type        = string
  default     = "telemetry"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,128}$", var.clickhouse_user))
    error_message = "Letters, digits, hyphens, underscores and dots."
  }
}

variable "clickhouse_replicated" {
  description = "Whether the table on servers elsewhere is replicated (CLICKHOUSE_REPLICATED)."
  type        = bool
  default     = true
}

variable "clickhouse_retention_days" {
  description = "The days after which ClickHouse deletes rows (RETENTION_DAYS). Empty keeps them."
  type        = string
  default     = "400"

  validation {
    condition     = can(regex("^([1-9][0-9]{0,4})?$", var.clickhouse_retention_days))
    error_message = "A whole number from 1, or nothing."
  }
}

# The forwarder

variable "forwarder_min_machines" {
  description = "The minimum number of forwarder machines."
  type        = number
  default     = 3

  validation {
    condition     = var.forwarder_min_machines >= 2 && floor(var.forwarder_min_machines) == var.forwarder_min_machines
    error_message = "A whole number from 2, so that one may fail."
  }
}

variable "forwarder_max_machines" {
  description = "The maximum number of forwarder machines. It bounds the cost of a flood."
  type        = number
  default     = 9

  validation {
    condition     = var.forwarder_max_machines >= var.forwarder_min_machines && floor(var.forwarder_max_machines) == var.forwarder_max_machines
    error_message = "A whole number, not less than forwarder_min_machines."
  }
}

variable "forwarder_machine_type" {
  description = "The machine type of a forwarder, which is one Node process."
  type        = string
  default     = "e2-small"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.forwarder_machine_type))
    error_message = "A machine type such as e2-small."
  }
}

variable "forwarder_image_family" {
  description = "The image family of Container-Optimized OS. New machines get its newest image."
  type        = string
  default     = "cos-stable"

  validation {
    condition     = startswith(var.forwarder_image_family, "cos-")
    error_message = "A family of the project cos-cloud, such as cos-stable."
  }
}

variable "forwarder_concurrency" {
  description = "Posts that one forwarder has in flight at a time (FORWARDER_CONCURRENCY)."
  type        = number
  default     = 8

  validation {
    condition     = var.forwarder_concurrency >= 1 && var.forwarder_concurrency <= 64
    error_message = "From 1 to 64, the forwarder's limits."
  }
}

variable "receive_buffer_bytes" {
  description = "The kernel's receive buffer for the forwarder (net.core.rmem_max, FORWARDER_RECEIVE_BUFFER_BYTES)."
  type        = number
  default     = 33554432

  validation {
    condition     = var.receive_buffer_bytes >= 1048576 && var.receive_buffer_bytes <= 536870912
    error_message = "From 1 MiB to 512 MiB, the forwarder's limits."
  }
}

variable "udp_port" {
  description = "The port for datagrams (UDP_PORT). RunMat sends to 7846."
  type        = number
  default     = 7846

  validation {
    condition     = var.udp_port >= 1024 && var.udp_port <= 65535
    error_message = "From 1024 to 65535: the forwarder is not root."
  }
}

variable "health_port" {
  description = "The forwarder's health port (HEALTH_PORT)."
  type        = number
  default     = 9000

  validation {
    condition     = var.health_port >= 1024 && var.health_port <= 65535 && var.health_port != var.udp_port
    error_message = "From 1024 to 65535: the forwarder is not root."
  }
}

# Alerts and cost

variable "alert_email" {
  description = "The address that gets alerts."
  type        = string

  validation {
    condition     = can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.alert_email))
    error_message = "An e-mail address."
  }
}

variable "billing_account" {
  description = "The billing account of the budget."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "An id such as 012345-6789AB-CDEF01."
  }
}

variable "budget_amount" {
  description = "The monthly budget that alerts are based on."
  type        = number
  default     = 200

  validation {
    condition     = var.budget_amount >= 1 && floor(var.budget_amount) == var.budget_amount
    error_message = "A whole number from 1."
  }
}

variable "budget_currency" {
  description = "The currency of the billing account."
  type        = string
  default     = "USD"

  validation {
    condition     = can(regex("^[A-Z]{3}$", var.budget_currency))
    error_message = "A currency of three letters."
  }
}
