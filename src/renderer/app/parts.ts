/** The parts of the window that F6 visits, in order. */
const PARTS = '.window > header, .window > nav, .window > main, .window > main aside'
/** Selects the first stop of a part. The edge that resizes it does not count. */
const FIRST =
  ':is(a[href], button, input, select, textarea, [tabindex="0"])' +
  ':not(:disabled, [tabindex="-1"], [role="separator"], .skip)'

type Stop = HTMLElement | SVGElement

const lastStops = new WeakMap<Element, Stop>()

const partsOf = (page: Document): Element[] =>
  [...page.querySelectorAll(PARTS)].filter((part) => part.checkVisibility() && part.closest('[inert]') === null)

/** Focuses the view's heading, so that a screen reader reads it and Tab continues from the top. */
export function focusHeading(view: Element, headings = 'h1'): void {
  const all = [...view.querySelectorAll<HTMLElement>(headings)].filter((heading) => heading.closest('[inert]') === null)
  const heading = all.find((candidate) => candidate.matches('[data-focus-target=""]')) ?? all[0]
  if (heading === undefined) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}

function enter(part: Element): void {
  const lastStop = lastStops.get(part)
  if (lastStop?.isConnected && !lastStop.matches(':disabled') && lastStop.checkVisibility()) lastStop.focus()
  // The view's main result comes before a heading that may be out of sight. Other focus targets are inside it.
  else if (part.matches('main')) focusHeading(part, '[data-focus-target=""], h1')
  else
    [...part.querySelectorAll<HTMLElement>(FIRST)]
      .find((stop) => stop.checkVisibility({ visibilityProperty: true }))
      ?.focus()
}

/** Moves focus to the next part of the window, at its last focused element. */
export function nextPart(page: Document, back: boolean): void {
  const parts = partsOf(page)
  const active = page.activeElement
  // The innermost part counts.
  const current = parts.findLastIndex((part) => part.contains(active))
  const here = parts[current]
  if (here !== undefined && (active instanceof HTMLElement || active instanceof SVGElement)) lastStops.set(here, active)
  const next =
    current < 0 ? parts.find((part) => part.matches('main')) : parts.at((current + (back ? -1 : 1)) % parts.length)
  if (next !== undefined) enter(next)
}
