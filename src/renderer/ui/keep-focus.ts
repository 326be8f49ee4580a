/** What the keyboard can be on. */
const STOPS = 'button, a[href], input, select, textarea, summary, [tabindex="0"]'

/** A press that is answered at once leaves the keyboard where it was. */
const DISABLED_MS = 400

/** Where the keyboard is: an element, and from it outwards its place in each of its ancestors. */
interface Stay {
  element: HTMLElement | SVGElement
  path: { parent: Element; place: number }[]
}

const isStop = (node: EventTarget | null): node is HTMLElement | SVGElement =>
  node instanceof HTMLElement || node instanceof SVGElement

function stayAt(element: HTMLElement | SVGElement): Stay {
  const path: Stay['path'] = []
  for (let inner: Element = element; inner.parentElement !== null; inner = inner.parentElement) {
    path.push({ parent: inner.parentElement, place: [...inner.parentElement.children].indexOf(inner) })
  }
  return { element, path }
}

/** Whether both do the same, as far as their buttons say it. */
function doTheSame(one: Element, other: Element): boolean {
  const action = one.getAttribute('data-action')
  return action !== null && action === other.getAttribute('data-action')
}

/**
 * Of an element the stop that is most like the lost one, or what it says is to be read first: a press that was meant for the lost
 * one must not write into a field.
 */
function stopIn(element: Element, lost: Element): HTMLElement | SVGElement | null {
  const stops = [element, ...element.querySelectorAll(STOPS)]
    .filter((stop) => stop.matches(STOPS) && !stop.matches(':disabled') && stop.checkVisibility())
    .filter(isStop)
  const alike = stops.filter(({ tagName }) => tagName === lost.tagName)
  return (
    alike.find((stop) => doTheSame(stop, lost)) ??
    element.querySelector<HTMLElement>('[data-heir]') ??
    alike[0] ??
    stops.find((stop) => !stop.matches('input, select, textarea')) ??
    null
  )
}

/**
 * What is to be read first of what came in with a change, such as the panel of the job that a lost button began. What takes the
 * place of that panel may have come before.
 */
const heirOf = ({ element: lost, path }: Stay, changes: readonly MutationRecord[]): HTMLElement | null =>
  changes
    .flatMap(({ addedNodes }) => [...addedNodes])
    .filter((node) => node instanceof HTMLElement)
    .flatMap((node) => [node, ...node.querySelectorAll<HTMLElement>('[data-heir]')])
    .find((node) => node.matches('[data-heir]')) ??
  (lost.matches('[data-heir]')
    ? path.find(({ parent }) => parent.isConnected)?.parent.querySelector<HTMLElement>('[data-heir]')
    : null) ??
  null

/** The stop that took the place of a lost one, or lies nearest to where it was; the heading of the view where there is none. */
function nextTo({ element, path }: Stay): HTMLElement | SVGElement | null {
  for (const { parent, place } of path) {
    if (!parent.isConnected) continue
    // Around the view lies the frame, whose first button is as far from the lost one as can be.
    if (parent.querySelector('main') !== null) break
    const children = [...parent.children]
    const nearest = [...children.slice(place), ...children.slice(0, place).reverse()]
    // Beside the button that moves down, the one that moves up goes before the one that removes, however near that is.
    const alike = nearest.find(
      (child) => child.matches(`:is(${STOPS}):not(:disabled)`) && doTheSame(child, element)
    )
    for (const child of alike === undefined ? nearest : [alike]) {
      const stop = stopIn(child, element)
      if (stop !== null) return stop
    }
    if (parent.matches('dialog')) break
  }
  const heading = document.querySelector<HTMLElement>('main h1')
  if (heading !== null) heading.tabIndex = -1
  return heading
}

/**
 * Has the keyboard go on where it was when what it was on is removed, or disabled for a while: a screen reader would begin at the
 * top of the page, and a key would reach nothing. Whoever leaves a field or presses beside everything is left alone.
 *
 * @returns what ends it
 */
export function keepFocus(body: HTMLElement): () => void {
  let stay: Stay | null = null
  const isLost = (): boolean => document.activeElement === null || document.activeElement === body
  const isThere = ({ element }: Stay): boolean => element.isConnected && !element.matches(':disabled')

  const came = ({ target }: FocusEvent): void => {
    if (isStop(target) && target !== body) stay = stayAt(target)
  }
  const left = ({ target }: FocusEvent): void => {
    const before = stay
    // Only then is it known whether it was left, or taken away.
    setTimeout(() => {
      if (stay === before && before !== null && before.element === target && isThere(before) && isLost())
        stay = null
    })
  }
  const goOn = (heir: HTMLElement | null): void => {
    if (stay === null || !isLost()) return
    const next = isThere(stay) ? stay.element : heir?.isConnected === true ? heir : nextTo(stay)
    next?.focus({ preventScroll: true })
  }
  const wasMoved = ({ element }: Stay, changes: readonly MutationRecord[]): boolean =>
    element.isConnected &&
    changes.some(({ removedNodes }) => [...removedNodes].some((node) => node.contains(element)))
  const changed = (changes: readonly MutationRecord[]): void => {
    // What is put elsewhere, such as a row that is sorted anew, loses the keyboard on the way. At once, before it counts as left.
    if (stay !== null && isLost() && wasMoved(stay, changes)) stay.element.focus({ preventScroll: true })
    // What is disabled has the keyboard until the page is drawn again.
    if (stay === null || (!isLost() && isThere(stay))) return
    // Whoever removed it may know better where to go on, and what is disabled may soon be enabled again.
    const isTaken = !stay.element.isConnected
    const heir = isTaken && stay.element.matches('button') ? heirOf(stay, changes) : null
    setTimeout(() => goOn(heir), isTaken || isThere(stay) ? 0 : DISABLED_MS)
  }
  const observer = new MutationObserver(changed)
  document.addEventListener('focusin', came)
  document.addEventListener('focusout', left)
  observer.observe(body, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  return () => {
    observer.disconnect()
    document.removeEventListener('focusin', came)
    document.removeEventListener('focusout', left)
  }
}
