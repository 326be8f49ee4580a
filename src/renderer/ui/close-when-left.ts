/** Closes a popover when Tab moves the focus out of it, except to its button, which closes it when pressed. */
export function closeWhenLeft(event: FocusEvent & { currentTarget: HTMLElement }): void {
  const { currentTarget: popover, relatedTarget: target } = event
  if (!(target instanceof Element) || popover.contains(target)) return
  if (target.getAttribute('popovertarget') !== popover.id) popover.hidePopover()
}
