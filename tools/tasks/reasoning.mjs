// Writes the built-in task of word problems: `node tools/tasks/reasoning.mjs > resources/tasks/reasoning.json`.
// Every problem is a story with numbers of its own, and its answer is computed from those numbers here.

import { readFileSync } from 'node:fs'

/** Writes each story from one row of values. `reasoning-rows.csv` has four rows of each. */
const STORIES = {
  change: ([name, thing, count, price, paid]) => ({
    category: 'buying',
    text: `${name} buys ${count} ${thing} at ${price} dollars each and pays with ${paid} dollars. How many dollars does ${name} get back?`,
    answer: paid - count * price
  }),
  tickets: ([place, adults, adultPrice, children, childPrice]) => ({
    category: 'buying',
    text: `Tickets for the ${place} cost ${adultPrice} dollars for adults and ${childPrice} dollars for children. A group of ${adults} adults and ${children} children goes in. How many dollars do they pay in all?`,
    answer: adults * adultPrice + children * childPrice
  }),
  boxes: ([worker, thing, perHour, hours, perBox]) => ({
    category: 'rates',
    text: `${worker} makes ${perHour} ${thing} an hour and works for ${hours} hours. The ${thing} are packed in boxes of ${perBox}. How many boxes are filled?`,
    answer: (perHour * hours) / perBox
  }),
  journey: ([vehicle, speed, hours, secondSpeed, secondHours]) => ({
    category: 'rates',
    text: `A ${vehicle} travels at ${speed} kilometres per hour for ${hours} hours and then at ${secondSpeed} kilometres per hour for ${secondHours} hours. How many kilometres does it travel altogether?`,
    answer: speed * hours + secondSpeed * secondHours
  }),
  sharing: ([name, thing, total, givenAway, friends]) => ({
    category: 'shares',
    text: `${name} has ${total} ${thing}, keeps ${total - givenAway} of them and shares the rest equally among ${friends} friends. How many ${thing} does each friend get?`,
    answer: givenAway / friends
  }),
  collecting: ([a, b, c, thing, first, times, fewer]) => ({
    category: 'comparison',
    text: `${a} collected ${first} ${thing}. ${b} collected ${times} times as many as ${a}, and ${c} collected ${fewer} fewer than ${b}. How many ${thing} did the three collect together?`,
    answer: first + first * times + (first * times - fewer)
  }),
  parts: ([place, total, parts, thing, left]) => ({
    category: 'fractions',
    text: `There are ${total} ${thing} in a ${place}. One ${parts} of them are taken out in the morning, and ${left} more in the afternoon. How many ${thing} are left in the ${place}?`,
    answer: total - total / { third: 3, quarter: 4, fifth: 5, sixth: 6 }[parts] - left
  }),
  sale: ([thing, price, percent, count]) => ({
    category: 'percent',
    text: `A ${thing} usually costs ${price} dollars. In a sale it is ${percent} percent cheaper. How many dollars do ${count} of them cost in the sale?`,
    answer: (price * (100 - percent) * count) / 100
  }),
  saving: ([name, goal, saved, perWeek, thing]) => ({
    category: 'saving',
    text: `${name} wants to buy a ${thing} for ${goal} dollars and already has ${saved} dollars. ${name} saves ${perWeek} dollars every week. After how many weeks can ${name} buy it?`,
    answer: (goal - saved) / perWeek
  }),
  fence: ([place, length, width, price]) => ({
    category: 'geometry',
    text: `A rectangular ${place} is ${length} metres long and ${width} metres wide. A fence around it costs ${price} dollars per metre. How many dollars does the whole fence cost?`,
    answer: 2 * (length + width) * price
  }),
  tiles: ([room, length, width, tile]) => ({
    category: 'geometry',
    text: `The floor of a ${room} is ${length} metres long and ${width} metres wide. It is covered with square tiles whose sides are ${tile} centimetres. How many tiles are needed?`,
    answer: ((length * 100) / tile) * ((width * 100) / tile)
  }),
  ages: ([a, b, times, youngAge, years]) => ({
    category: 'ages',
    text: `${a} is ${times} times as old as ${b}, who is ${youngAge} years old. What will be the sum of their ages in ${years} years?`,
    answer: youngAge * times + youngAge + 2 * years
  }),
  breaks: ([name, task, count, minutes, breaks, breakMinutes]) => ({
    category: 'time',
    text: `${name} ${task} ${count} times, which takes ${minutes} minutes each time, and takes ${breaks} breaks of ${breakMinutes} minutes. How many minutes does ${name} need in all?`,
    answer: count * minutes + breaks * breakMinutes
  }),
  opening: ([place, opens, closes, days, shortClose]) => ({
    category: 'time',
    text: `A ${place} is open from ${opens}:00 to ${closes}:00 on ${days} days of the week and from ${opens}:00 to ${shortClose}:00 on one more day. For how many hours is it open in a week?`,
    answer: (closes - opens) * days + (shortClose - opens)
  }),
  jugs: ([drink, cups, people, jugs, perJug]) => ({
    category: 'mixtures',
    text: `${people} people each drink ${cups} cups of ${drink}. There were ${jugs} jugs with ${perJug} cups each. How many cups of ${drink} are left?`,
    answer: jugs * perJug - people * cups
  }),
  legs: ([first, firstLegs, firstCount, second, secondLegs, secondCount]) => ({
    category: 'farm',
    text: `On a farm there are ${firstCount} ${first} with ${firstLegs} legs each and ${secondCount} ${second} with ${secondLegs} legs each. How many more legs do the ${first} have in total than the ${second}?`,
    answer: firstCount * firstLegs - secondCount * secondLegs
  }),
  scores: ([name, thing, first, second, third, wanted]) => ({
    category: 'average',
    text: `${name} scored ${first}, ${second} and ${third} points in the first three ${thing}. How many points does ${name} need in the fourth to have an average of ${wanted} points over all four?`,
    answer: 4 * wanted - first - second - third
  }),
  seats: ([place, rows, perRow, taken, arrive]) => ({
    category: 'seats',
    text: `A ${place} has ${rows} rows of ${perRow} seats. ${taken} seats are taken, and then ${arrive} more people sit down. How many seats stay empty?`,
    answer: rows * perRow - taken - arrive
  }),
  stock: ([shop, thing, start, sold, boxes, perBox]) => ({
    category: 'stock',
    text: `A ${shop} had ${start} ${thing} on Monday morning. It sold ${sold} on each of the next three days, and on Thursday ${boxes} boxes with ${perBox} ${thing} each were delivered. How many ${thing} did it have then?`,
    answer: start - 3 * sold + boxes * perBox
  }),
  overtime: ([name, job, rate, hours, extraRate, extraHours]) => ({
    category: 'work',
    text: `${name} earns ${rate} dollars an hour as a ${job} and ${extraRate} dollars more for every hour beyond ${hours} hours a week. Last week ${name} worked ${hours + extraHours} hours. How many dollars did ${name} earn?`,
    answer: (hours + extraHours) * rate + extraHours * extraRate
  }),
  reading: ([name, pages, perDay, days, faster]) => ({
    category: 'books',
    text: `${name} reads a book of ${pages} pages, ${perDay} pages a day for ${days} days and then ${faster} pages a day. How many days does ${name} need for the whole book?`,
    answer: days + (pages - perDay * days) / faster
  }),
  leak: ([vessel, litres, inFlow, outFlow, minutes]) => ({
    category: 'water',
    text: `A ${vessel} holds ${litres} litres. ${inFlow} litres run in every minute while ${outFlow} litres leak out every minute. How many litres does it hold after ${minutes} minutes?`,
    answer: litres + (inFlow - outFlow) * minutes
  }),
  beds: ([plant, beds, perBed, die, fruit]) => ({
    category: 'garden',
    text: `A gardener plants ${beds} beds with ${perBed} ${plant} plants each. ${die} plants die, and each of the remaining plants bears ${fruit} fruits. How many fruits are there?`,
    answer: (beds * perBed - die) * fruit
  }),
  buses: ([trip, classes, pupils, seats, teachers]) => ({
    category: 'school',
    text: `${classes} classes of ${pupils} pupils and ${teachers} teachers go on a trip to a ${trip}. Each bus has ${seats} seats. How many buses are needed so that everyone has a seat?`,
    answer: Math.ceil((classes * pupils + teachers) / seats)
  }),
  flour: ([dish, portions, grams, people, perBag]) => ({
    category: 'recipe',
    text: `A recipe for ${portions} portions of ${dish} needs ${grams} grams of flour. Someone cooks ${people} portions. Flour comes in bags of ${perBag} grams. How many grams of flour are left over when as few bags as possible are opened?`,
    answer: Math.ceil((grams * people) / portions / perBag) * perBag - (grams * people) / portions
  })
}

const rows = readFileSync(new URL('reasoning-rows.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const valueOf = (cell) => (/^\d+$/.test(cell) ? Number(cell) : cell)

const ASKED = 'Think step by step and end with a line "Answer: " followed by the number.'

const prompts = rows.map((line) => {
  const [name, ...cells] = line.split(',')
  const { text, category, answer } = STORIES[name](cells.map(valueOf))
  if (!Number.isSafeInteger(answer) || answer <= 0) throw new Error(`${answer} is no answer to: ${text}`)
  return { text: `${text} ${ASKED}`, category, answers: [String(answer)] }
})

const task = {
  schemaVersion: 1,
  id: 'reasoning',
  name: 'Word problems in several steps',
  kind: 'reasoning',
  description:
    'A hundred word problems, each with one whole number as its answer. The last number of an answer counts as the final answer.',
  prompts,
  settings: {
    sampling: { temperature: 1, topK: null, topP: 1, minP: 0.1, repetitionPenalty: 1 },
    maxTokens: 400,
    stopTexts: [],
    seed: 1,
    sampleCount: 64
  },
  reading: { kind: 'last-number' },
  checks: { minWords: 10, pattern: 'Answer:' }
}

process.stdout.write(`${JSON.stringify(task, null, 2)}\n`)
