import { startHelper } from '../base/helper-process'
import { MeasuringReply, type MeasuringRequest } from './messages'

interface PendingReply {
  readonly resolve: (message: unknown) => void
  readonly reject: (reason: unknown) => void
}

/**
 * A process that measures answers for one request after the other. While idle it does not keep the program
 * running.
 */
export class MeasuringProcess {
  private readonly helper = startHelper('measures.js', 'The process that measures answers')
  /**
   * Receiver of the next message. A new reaction to the helper's end for each request would keep every reply
   * in memory while the helper lives.
   */
  private pending: PendingReply | null = null
  private endReason: { reason: unknown } | null = null

  constructor() {
    this.helper.onMessage((message) => this.pending?.resolve(message))
    this.helper.ended.catch((reason: unknown) => {
      this.endReason = { reason }
      this.pending?.reject(reason)
    })
  }

  get hasEnded(): boolean {
    return this.endReason !== null
  }

  /**
   * Sends a request; call it only after the previous reply. @throws WorkbenchError `engine-lost` when the
   * process ended
   */
  async ask(request: MeasuringRequest): Promise<MeasuringReply> {
    if (this.endReason !== null) throw this.endReason.reason
    this.helper.holdProgram(true)
    try {
      const reply = new Promise<unknown>((resolve, reject) => {
        this.pending = { resolve, reject }
      })
      this.helper.post(request)
      return MeasuringReply.parse(await reply)
    } finally {
      this.pending = null
      this.helper.holdProgram(false)
    }
  }

  end(): Promise<void> {
    return this.helper.end()
  }
}
