/** Versions of what is sent and stored. They are raised when a field changes. */
export const payloadSchemaVersion = 1
export const statsSchemaVersion = 1
/** Raised when more is collected than before: the notice is then shown again. */
export const noticeVersion = 1
