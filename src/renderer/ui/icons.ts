/** Line icons on a 16 x 16 grid, as SVG paths. */
export const ICONS = {
  models: 'M2.5 3.5h4.5v9H2.5zM9 3.5h4.5v9H9zM4.5 6h.5M4.5 8h.5M11 6h.5M11 8h.5',
  comment: 'M2.5 3h11v7.5h-6L4.5 13v-2.5h-2z',
  ranges: 'M2.5 3h11M5.5 6.33h8M8.5 9.66h5M11.5 13h2',
  answers: 'M2.5 3h8v5.5h-4L4 10.5v-2H2.5zM12 6h1.5v5.5H12v2l-2.5-2H7',
  evaluate:
    'M2.5 2.5v11h11M5 10.5v.1M7.5 7.5v.1M10 8.5v.1M12.5 4v.1M6.9 7.5h1.2M9.4 8.5h1.2M11.9 4h1.2M4.4 10.5h1.2',
  export: 'M2.5 9.5V13h11V9.5M8 10.5V3M5 6l3-3 3 3',
  light: [
    'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5',
    ' 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1'
  ].join(''),
  dark: 'M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z',
  system: 'M2 3h12v8H2zM6 13.5h4M8 11v2.5',
  help: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M6.3 6.3a1.7 1.7 0 1 1 2.5 1.5c-.5.3-.8.6-.8 1.2M8 11.2v.1',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  duplicate: 'M2.5 2.5h8v8h-8zM13.5 6v7.5H6M6.5 4.7v3.6M4.7 6.5h3.6',
  done: 'M3 8.5 6.5 12 13 4.5',
  add: 'M8 3v10M3 8h10',
  remove: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.5h6l.5-8.5M7 7v3.5M9 7v3.5',
  edit: 'M3 13l.6-2.9L11 2.8l2.2 2.2-7.3 7.4zM9.6 4.2l2.2 2.2',
  layers: 'M2.5 3.5h11M2.5 8h7M2.5 12.5h11M11.5 8h2',
  folder: 'M2 4h4.5l1.3 1.5H14V13H2z',
  save: 'M8 2.5v7.5M5 7.5l3 3 3-3M3 13h10',
  up: 'M8 13V3.5M4 7l4-4 4 4',
  blind: 'M2 8s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4M3 13.5 13 2.5',
  shown: 'M2 8s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4M8 6.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4',
  panel: 'M2.5 3h11v10h-11zM10 3v10',
  table: 'M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.6h11M6.5 3v10',
  more: 'M3 8h.1M8 8h.1M13 8h.1',
  expand: 'M4 6l4 4 4-4',
  collapse: 'M4 10l4-4 4 4',
  previous: 'M10 3.5 5.5 8l4.5 4.5',
  next: 'M6 3.5 10.5 8 6 12.5',
  undo: 'M5.5 3 2.5 6l3 3M2.5 6h7a3.5 3.5 0 0 1 0 7H6',
  redo: 'M10.5 3l3 3-3 3M13.5 6h-7a3.5 3.5 0 0 0 0 7H10',
  pin: 'M6 2.5h4M6.8 2.5v4L4.5 9.5h7L9.2 6.5v-4M8 9.5v4.5',
  history: 'M3 8a5 5 0 1 1 1.5 3.5M3 4.5V8h3.5M8 5.5V8l2 1.5',
  play: 'M5 3.2v9.6L12.5 8z',
  stop: 'M4 4h8v8H4z',
  warning: 'M8 2.5 14.3 13.5H1.7zM8 6.8v3M8 11.6v.1',
  error: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 5v3.8M8 11v.1',
  note: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 7.4V11M8 5v.1'
} as const

export type IconName = keyof typeof ICONS
