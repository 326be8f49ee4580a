import type { WorkbenchError } from '../../contract/model/problem'

/** A failed request, with the HTTP status and the JSON body that OpenAI documents for errors. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** Reason for programs, such as `model_not_found`. */
    readonly code: string | null = null,
    /** Field of the request with the error. */
    readonly param: string | null = null
  ) {
    super(message)
    this.name = 'ApiError'
  }

  get body(): object {
    const { message, code, param, status } = this
    const type = TYPES.get(status) ?? (status < 500 ? 'invalid_request_error' : 'server_error')
    return { error: { message, type, param, code } }
  }
}

/** OpenAI's error types by status. Other statuses have a general type. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [429, 'rate_limit_error']
])

/** Converts an expected failure of the program to an error of the API. */
export function apiErrorOf({ problem }: WorkbenchError): ApiError {
  const message = problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`
  switch (problem.code) {
    case 'bad-input':
    case 'unsupported':
      return new ApiError(400, message)
    case 'engine-lost':
    case 'cancelled':
    case 'out-of-memory':
    case 'device-memory':
    case 'device-lost':
      return new ApiError(503, message, problem.code)
    default:
      return new ApiError(500, message, problem.code)
  }
}
