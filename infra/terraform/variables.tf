# The place

variable "project_id" {
  description = "The Google Cloud project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "runmat-telemetry"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,17}[a-z0-9]$", var.name))
    error_message = "Lower-case letters, digits and hyphens, 4 to 19 of them: accounts have 30."
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
  description = "The zones that the forwarder's machines are spread over."
  type        = list(string)
  default     = ["us-central1-a", "us-central1-b", "us-central1-f"]

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones) && length(var.zones) >= 2
    error_message = "Two different zones at least, so that one may fail."
  }

  validation {
    condition     = alltrue([for zone in var.zones : startswith(zone, "${var.region}-")])
    error_message = "Every zone must be in the region."
  }
}

variable "domain" {
  description = "The host of the worker. The forwarder's is udp. and this. A zone of its own is made."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "A host name in lower case, without a dot at its end."
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
  description = "The tag of both images, such as the version that they were built from."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "A tag that means one image for good, so not latest."
  }
}

variable "deletion_protection" {
  description = "Whether the worker is protected from being destroyed."
  type        = bool
  default     = true
}

# The worker

variable "worker_min_instances" {
  description = "Instances of the worker that run at any time."
  type        = number
  default     = 2

  validation {
    condition     = var.worker_min_instances >= 1 && floor(var.worker_min_instances) == var.worker_min_instances
    error_message = "A whole number from 1, so that nobody waits for a start."
  }
}

variable "worker_max_instances" {
  description = "Instances of the worker at most. It bounds what a flood may cost."
  type        = number
  default     = 20

  validation {
    condition     = var.worker_max_instances >= var.worker_min_instances && floor(var.worker_max_instances) == var.worker_max_instances
    error_message = "A whole number, not less than worker_min_instances."
  }
}

variable "worker_concurrency" {
  description = "Requests that one instance answers at a time. They wait together for one group commit."
  type        = number
  default     = 500

  validation {
    condition     = var.worker_concurrency >= 1 && var.worker_concurrency <= 1000
    error_message = "From 1 to 1000, which is what Cloud Run allows."
  }
}

variable "worker_cpu" {
  description = "Processors of one instance of the worker. It is one Node process."
  type        = string
  default     = "1"

  validation {
    condition     = contains(["1", "2", "4"], var.worker_cpu)
    error_message = "1, 2 or 4: with less than 1, Cloud Run allows one request at a time."
  }
}

variable "worker_memory" {
  description = "Memory of one instance of the worker."
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
    error_message = "From 1024 to 16777216, as the worker takes it."
  }
}

variable "trust_proxy" {
  description = "How many addresses our own proxies add to X-Forwarded-For (TRUST_PROXY). The load balancer adds two: the client's and its own."
  type        = number
  default     = 2

  validation {
    condition     = var.trust_proxy >= 0 && var.trust_proxy <= 8
    error_message = "From 0 to 8, as the worker takes it."
  }
}

variable "posthog_host" {
  description = "The PostHog that events are stored in (POSTHOG_HOST)."
  type        = string
  default     = "https://us.i.posthog.com"

  validation {
    condition     = startswith(var.posthog_host, "https://")
    error_message = "An address that begins with https://."
  }
}

variable "ga_measurement_id" {
  description = "The GA4 property that gets a copy of each event (GA_MEASUREMENT_ID). Empty: none does."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(G-[A-Z0-9]+)?$", var.ga_measurement_id))
    error_message = "A measurement id such as G-ABC123, or nothing."
  }
}

# The buffer

variable "buffer" {
  description = "Whether a buffer stands between worker and sinks: off, ready (it stands there, and delivers) or on (the worker stores in it)."
  type        = string
  default     = "off"

  validation {
    condition     = contains(["off", "ready", "on"], var.buffer)
    error_message = "One of off, ready and on; ready comes before on, and after it."
  }

  validation {
    condition     = var.buffer == "off" || length(var.zones) >= 3
    error_message = "The buffer needs three zones: each has one of its servers."
  }
}

variable "buffer_machine_type" {
  description = "What machine a server of the buffer is."
  type        = string
  default     = "e2-medium"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.buffer_machine_type))
    error_message = "A machine type such as e2-medium."
  }
}

variable "buffer_image" {
  description = "The image of nats-server that the servers run, such as one in a registry of your own."
  type        = string
  default     = "docker.io/library/nats:2.11-alpine"

  validation {
    condition     = can(regex("^[a-z0-9./_-]+:[A-Za-z0-9._-]+(@sha256:[0-9a-f]{64})?$", var.buffer_image)) && !endswith(var.buffer_image, ":latest")
    error_message = "A name with a tag that means one image for good."
  }
}

variable "buffer_disk_gb" {
  description = "The disk of each server of the buffer. The stream may take four fifths of it."
  type        = number
  default     = 50

  validation {
    condition     = var.buffer_disk_gb >= 10 && floor(var.buffer_disk_gb) == var.buffer_disk_gb && var.buffer_disk_gb <= 1000
    error_message = "A whole number from 10 to 1000."
  }
}

variable "deliver_instances" {
  description = "Instances that deliver what is in the buffer."
  type        = number
  default     = 2

  validation {
    condition     = var.deliver_instances >= 2 && floor(var.deliver_instances) == var.deliver_instances
    error_message = "A whole number from 2, so that one may fail."
  }
}

# The forwarder

variable "forwarder_min_machines" {
  description = "Machines of the forwarder that run at any time."
  type        = number
  default     = 3

  validation {
    condition     = var.forwarder_min_machines >= 2 && floor(var.forwarder_min_machines) == var.forwarder_min_machines
    error_message = "A whole number from 2, so that one may fail."
  }
}

variable "forwarder_max_machines" {
  description = "Machines of the forwarder at most. It bounds what a flood may cost."
  type        = number
  default     = 9

  validation {
    condition     = var.forwarder_max_machines >= var.forwarder_min_machines && floor(var.forwarder_max_machines) == var.forwarder_max_machines
    error_message = "A whole number, not less than forwarder_min_machines."
  }
}

variable "forwarder_machine_type" {
  description = "What machine a forwarder is. It is one Node process and the kernel beside it."
  type        = string
  default     = "e2-small"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.forwarder_machine_type))
    error_message = "A machine type such as e2-small."
  }
}

variable "forwarder_image_family" {
  description = "The family of Container-Optimized OS that the machines run. New machines get its newest image."
  type        = string
  default     = "cos-stable"

  validation {
    condition     = startswith(var.forwarder_image_family, "cos-")
    error_message = "A family of the project cos-cloud, such as cos-stable."
  }
}

variable "forwarder_concurrency" {
  description = "Posts that one forwarder has under way at a time (FORWARDER_CONCURRENCY)."
  type        = number
  default     = 8

  validation {
    condition     = var.forwarder_concurrency >= 1 && var.forwarder_concurrency <= 64
    error_message = "From 1 to 64, as the forwarder takes it."
  }
}

variable "receive_buffer_bytes" {
  description = "What the kernel holds for the forwarder while it is busy (net.core.rmem_max, FORWARDER_RECEIVE_BUFFER_BYTES)."
  type        = number
  default     = 33554432

  validation {
    condition     = var.receive_buffer_bytes >= 1048576 && var.receive_buffer_bytes <= 536870912
    error_message = "From 1 MiB to 512 MiB, as the forwarder takes it."
  }
}

variable "udp_port" {
  description = "Where datagrams arrive (UDP_PORT). RunMat sends to 7846."
  type        = number
  default     = 7846

  validation {
    condition     = var.udp_port >= 1024 && var.udp_port <= 65535
    error_message = "From 1024 to 65535: the forwarder is not root."
  }
}

variable "health_port" {
  description = "Where the forwarder says that it is well (HEALTH_PORT)."
  type        = number
  default     = 9000

  validation {
    condition     = var.health_port >= 1024 && var.health_port <= 65535 && var.health_port != var.udp_port
    error_message = "From 1024 to 65535: the forwarder is not root."
  }
}

# Who hears of it

variable "alert_email" {
  description = "Who is written to when something is wrong, or dear."
  type        = string

  validation {
    condition     = can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", var.alert_email))
    error_message = "An e-mail address."
  }
}

variable "billing_account" {
  description = "The billing account that the budget is made in."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "An id such as 012345-6789AB-CDEF01."
  }
}

variable "budget_amount" {
  description = "What a month may cost before somebody is written to."
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
