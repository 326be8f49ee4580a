import type { WorkbenchError } from '../../contract/model/problem'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    /** Field of the request with the error. */
    readonly param: string | null = null
  ) {
    super(message)
    this.name = 'ApiError'
  }

  get body(): object {
    const { message, code, param, status } = this
    return {
      error: {
        message,
        type: TYPES.get(status) ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
        param,
        code
      }
    }
  }
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [429, 'rate_limit_error']
])

/** Reports an expected failure of the program as an error of the API. */
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
