/**
 * ONNX Runtime's library for Linux (1.30) writes a device id, a database of events and a log (in TMPDIR, through links)
 * and sends events to its maker, unless this variable is set before its first session. It is read by the library itself,
 * and child processes inherit it.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
