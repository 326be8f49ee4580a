import { ORPCError } from '@orpc/client'
import { contactText, type EndpointContact } from '../../contract/model/endpoint'
import { Problem } from '../../contract/model/problem'

/** Asks the user to confirm addresses that main has refused to contact. */
export class AddressQuestion {
  /** The addresses that the open dialog asks for; null while none is open. */
  asked = $state.raw<readonly EndpointContact[] | null>(null)
  private allowed: readonly string[] = []
  private answer: (isAllowed: boolean) => void = () => undefined
  private last: Promise<unknown> = Promise.resolve()

  /** Asks one question after another. @returns whether the user allows all addresses */
  ask(addresses: readonly EndpointContact[]): Promise<boolean> {
    const answered = this.last.then(() => this.open(addresses))
    this.last = answered
    return answered
  }

  close(isAllowed: boolean): void {
    if (isAllowed) this.allowed = [...this.allowed, ...(this.asked ?? []).map(contactText)]
    this.asked = null
    this.answer(isAllowed)
  }

  private open(addresses: readonly EndpointContact[]): Promise<boolean> {
    // The answer to an earlier question covers these addresses.
    if (addresses.every((address) => this.allowed.includes(contactText(address)))) return Promise.resolve(true)
    this.asked = addresses
    return new Promise((resolve) => (this.answer = resolve))
  }
}

export const addressQuestion = new AddressQuestion()

/**
 * Repeats a call that main has refused for unconfirmed addresses, once the user allows them.
 *
 * @param confirm asks main to confirm the addresses
 */
export function repeatOnceConfirmed(
  question: Pick<AddressQuestion, 'ask'>,
  confirm: (addresses: EndpointContact[]) => Promise<void>
) {
  return async <Result>({ next }: { next: () => Promise<Result> }): Promise<Result> => {
    try {
      return await next()
    } catch (error) {
      const addresses = error instanceof ORPCError ? Problem.safeParse(error.data).data?.unconfirmed : undefined
      if (addresses === undefined || !(await question.ask(addresses))) throw error
      await confirm(addresses)
      return next()
    }
  }
}
