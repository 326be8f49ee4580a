/** Switches off the reports of onnxruntime's Linux builds, also for processes started from here. */
process.env['ORT_DISABLE_TELEMETRY'] = '1'
