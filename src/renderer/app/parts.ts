/** The parts of the window that the keyboard goes through, in this order. */
const PARTS = '.window > header, .window > nav, .window > main, .window > main aside'
/** What a part begins with; the edge that resizes it is no beginning. */
const FIRST =
  ':is(a[href], button, input, select, textarea, [tabindex="0"]):not(:disabled, [tabindex="-1"], [role="separator"], .skip)'

type Stop = HTMLElement | SVGElement

/** Where the keyboard was last in each part. */
const stays = new WeakMap<Element, Stop>()

const partsOf = (page: Document): Element[] =>
  [...page.querySelectorAll(PARTS)].filter(
    (part) => part.checkVisibility() && part.closest('[inert]') === null
  )

/** The view's heading, so that a screen reader says where it is and Tab goes on from the top. */
export function focusHeading(view: Element, headings = 'h1'): void {
  const all = [...view.querySelectorAll<HTMLElement>(headings)].filter(
    (one) => one.closest('[inert]') === null
  )
  const heading = all.find((one) => one.matches('[data-focus-target=""]')) ?? all[0]
  if (heading === undefined) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}

function enter(part: Element): void {
  const stay = stays.get(part)
  if (stay?.isConnected && !stay.matches(':disabled') && stay.checkVisibility()) stay.focus()
  // The view's answer, where there is one, rather than a heading that is not in sight: other heirs are one of its parts.
  else if (part.matches('main')) focusHeading(part, '[data-focus-target=""], h1')
  else
    [...part.querySelectorAll<HTMLElement>(FIRST)]
      .find((stop) => stop.checkVisibility({ visibilityProperty: true }))
      ?.focus()
}

/** From the part of the window that has the keyboard to the next, back to where it was in that: many controls in one key. */
export function nextPart(page: Document, back: boolean): void {
  const parts = partsOf(page)
  const active = page.activeElement
  // Of one in another the inner.
  const current = parts.findLastIndex((part) => part.contains(active))
  const here = parts[current]
  if (here !== undefined && (active instanceof HTMLElement || active instanceof SVGElement))
    stays.set(here, active)
  const next =
    current < 0
      ? parts.find((part) => part.matches('main'))
      : parts.at((current + (back ? -1 : 1)) % parts.length)
  if (next !== undefined) enter(next)
}
