import { startHelper } from '../base/helper-process'
import { MeasuringReply, type MeasuringRequest } from './messages'

interface Waiting {
  readonly resolve: (message: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** A process that measures answers for one request after the other. While it has none, it keeps no program running. */
export class MeasuringProcess {
  private readonly helper = startHelper('measures.js', 'The process that measures answers')
  /**
   * Who waits for the next message. Not a reaction to the helper's end for each: these, and all that was answered, would be kept for as
   * long as it lives.
   */
  private waiting: Waiting | null = null
  private itsEnd: { reason: unknown } | null = null

  constructor() {
    this.helper.onMessage((message) => this.waiting?.resolve(message))
    this.helper.ended.catch((reason: unknown) => {
      this.itsEnd = { reason }
      this.waiting?.reject(reason)
    })
  }

  get hasEnded(): boolean {
    return this.itsEnd !== null
  }

  /** Only when the reply to the last one has come. @throws WorkbenchError `engine-lost` when the process ended */
  async ask(request: MeasuringRequest): Promise<MeasuringReply> {
    if (this.itsEnd !== null) throw this.itsEnd.reason
    this.helper.holdProgram(true)
    try {
      const reply = new Promise<unknown>((resolve, reject) => {
        this.waiting = { resolve, reject }
      })
      this.helper.post(request)
      return MeasuringReply.parse(await reply)
    } finally {
      this.waiting = null
      this.helper.holdProgram(false)
    }
  }

  end(): Promise<void> {
    return this.helper.end()
  }
}
