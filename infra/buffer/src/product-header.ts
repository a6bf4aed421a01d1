import type { MsgHdrs } from '@nats-io/transport-node'
import { unnamed } from 'runmat-telemetry-common/events/products'

/** A subject for each product would need other settings of the stream, and other rights. */
const productHeader = 'Telemetry-Product'

/** RunMat's events have none, as before there were other products. */
export function productHeaderOf(product: string): Readonly<Record<string, string>> {
  return product === unnamed ? {} : { [productHeader]: product }
}

export function productIn(headers: MsgHdrs | undefined): string {
  return headers?.get(productHeader) || unnamed
}
