// Writes the built-in task of word problems: `node tools/tasks/reasoning.mjs > resources/tasks/reasoning.json`.
// Every problem is a story with numbers of its own, and its answer is computed from those numbers here.

/** Each template: a story and its answer from one row of values, and four rows. */
const TEMPLATES = [
  {
    category: 'buying',
    write: ([name, thing, count, price, paid]) => ({
      text: `${name} buys ${count} ${thing} at ${price} dollars each and pays with ${paid} dollars. How many dollars does ${name} get back?`,
      answer: paid - count * price
    }),
    rows: [
      ['Maya', 'notebooks', 6, 4, 50],
      ['Tomas', 'potted plants', 7, 9, 100],
      ['Ines', 'puzzle books', 4, 13, 60],
      ['Kofi', 'light bulbs', 12, 3, 40]
    ]
  },
  {
    category: 'buying',
    write: ([place, adults, adultPrice, children, childPrice]) => ({
      text: `Tickets for the ${place} cost ${adultPrice} dollars for adults and ${childPrice} dollars for children. A group of ${adults} adults and ${children} children goes in. How many dollars do they pay in all?`,
      answer: adults * adultPrice + children * childPrice
    }),
    rows: [
      ['aquarium', 3, 18, 5, 11],
      ['steam railway', 4, 22, 9, 8],
      ['puppet theatre', 6, 14, 17, 9],
      ['botanical garden', 8, 7, 25, 3]
    ]
  },
  {
    category: 'rates',
    write: ([worker, thing, perHour, hours, perBox]) => ({
      text: `${worker} makes ${perHour} ${thing} an hour and works for ${hours} hours. The ${thing} are packed in boxes of ${perBox}. How many boxes are filled?`,
      answer: (perHour * hours) / perBox
    }),
    rows: [
      ['A baker', 'rolls', 48, 5, 12],
      ['A machine', 'buttons', 350, 6, 50],
      ['A candle maker', 'candles', 15, 8, 6],
      ['A printer', 'posters', 72, 7, 24]
    ]
  },
  {
    category: 'rates',
    write: ([vehicle, speed, hours, secondSpeed, secondHours]) => ({
      text: `A ${vehicle} travels at ${speed} kilometres per hour for ${hours} hours and then at ${secondSpeed} kilometres per hour for ${secondHours} hours. How many kilometres does it travel altogether?`,
      answer: speed * hours + secondSpeed * secondHours
    }),
    rows: [
      ['train', 120, 3, 80, 2],
      ['cyclist', 18, 2, 12, 4],
      ['ferry', 25, 6, 30, 3],
      ['lorry', 70, 5, 55, 2]
    ]
  },
  {
    category: 'shares',
    write: ([name, thing, total, givenAway, friends]) => ({
      text: `${name} has ${total} ${thing}, keeps ${total - givenAway} of them and shares the rest equally among ${friends} friends. How many ${thing} does each friend get?`,
      answer: givenAway / friends
    }),
    rows: [
      ['Lena', 'stickers', 96, 60, 5],
      ['Omar', 'marbles', 143, 91, 7],
      ['Priya', 'seashells', 75, 48, 6],
      ['Jonas', 'trading cards', 210, 132, 11]
    ]
  },
  {
    category: 'comparison',
    write: ([a, b, c, thing, first, times, fewer]) => ({
      text: `${a} collected ${first} ${thing}. ${b} collected ${times} times as many as ${a}, and ${c} collected ${fewer} fewer than ${b}. How many ${thing} did the three collect together?`,
      answer: first + first * times + (first * times - fewer)
    }),
    rows: [
      ['Ana', 'Ben', 'Chloe', 'chestnuts', 14, 3, 9],
      ['Dario', 'Ella', 'Finn', 'bottle caps', 25, 4, 38],
      ['Grace', 'Hugo', 'Ivy', 'pine cones', 11, 5, 16],
      ['Jamal', 'Kira', 'Leo', 'stamps', 32, 2, 27]
    ]
  },
  {
    category: 'fractions',
    write: ([place, total, parts, thing, left]) => ({
      text: `There are ${total} ${thing} in a ${place}. One ${parts} of them are taken out in the morning, and ${left} more in the afternoon. How many ${thing} are left in the ${place}?`,
      answer: total - total / { third: 3, quarter: 4, fifth: 5, sixth: 6 }[parts] - left
    }),
    rows: [
      ['warehouse', 240, 'third', 'crates', 35],
      ['library', 960, 'quarter', 'atlases', 128],
      ['shed', 85, 'fifth', 'flower pots', 19],
      ['freezer', 54, 'sixth', 'pizzas', 17]
    ]
  },
  {
    category: 'percent',
    write: ([thing, price, percent, count]) => ({
      text: `A ${thing} usually costs ${price} dollars. In a sale it is ${percent} percent cheaper. How many dollars do ${count} of them cost in the sale?`,
      answer: (price * (100 - percent) * count) / 100
    }),
    rows: [
      ['desk lamp', 40, 25, 3],
      ['rucksack', 80, 15, 4],
      ['garden chair', 60, 30, 6],
      ['kettle', 35, 20, 5]
    ]
  },
  {
    category: 'saving',
    write: ([name, goal, saved, perWeek, thing]) => ({
      text: `${name} wants to buy a ${thing} for ${goal} dollars and already has ${saved} dollars. ${name} saves ${perWeek} dollars every week. After how many weeks can ${name} buy it?`,
      answer: (goal - saved) / perWeek
    }),
    rows: [
      ['Nora', 260, 80, 15, 'telescope'],
      ['Pavel', 420, 126, 21, 'bicycle'],
      ['Rosa', 175, 55, 8, 'camera'],
      ['Samir', 390, 174, 18, 'guitar']
    ]
  },
  {
    category: 'geometry',
    write: ([place, length, width, price]) => ({
      text: `A rectangular ${place} is ${length} metres long and ${width} metres wide. A fence around it costs ${price} dollars per metre. How many dollars does the whole fence cost?`,
      answer: 2 * (length + width) * price
    }),
    rows: [
      ['meadow', 45, 30, 6],
      ['vegetable garden', 12, 7, 14],
      ['playground', 38, 22, 11],
      ['paddock', 65, 40, 4]
    ]
  },
  {
    category: 'geometry',
    write: ([room, length, width, tile]) => ({
      text: `The floor of a ${room} is ${length} metres long and ${width} metres wide. It is covered with square tiles whose sides are ${tile} centimetres. How many tiles are needed?`,
      answer: ((length * 100) / tile) * ((width * 100) / tile)
    }),
    rows: [
      ['kitchen', 4, 3, 50],
      ['corridor', 9, 2, 25],
      ['workshop', 8, 6, 40],
      ['laundry room', 3, 2, 20]
    ]
  },
  {
    category: 'ages',
    write: ([a, b, times, youngAge, years]) => ({
      text: `${a} is ${times} times as old as ${b}, who is ${youngAge} years old. What will be the sum of their ages in ${years} years?`,
      answer: youngAge * times + youngAge + 2 * years
    }),
    rows: [
      ['Aunt Vera', 'Milo', 4, 9, 6],
      ['Grandfather', 'Zoe', 6, 12, 5],
      ['Mr Hall', 'Theo', 3, 15, 8],
      ['Dr Okafor', 'Uma', 5, 8, 11]
    ]
  },
  {
    category: 'time',
    write: ([name, task, count, minutes, breaks, breakMinutes]) => ({
      text: `${name} ${task} ${count} times, which takes ${minutes} minutes each time, and takes ${breaks} breaks of ${breakMinutes} minutes. How many minutes does ${name} need in all?`,
      answer: count * minutes + breaks * breakMinutes
    }),
    rows: [
      ['Elif', 'practises a sonata', 5, 14, 4, 6],
      ['Bruno', 'swims across the lake', 3, 27, 2, 15],
      ['Carmen', 'rehearses a speech', 8, 11, 3, 9],
      ['Dmitri', 'runs around the park', 6, 19, 5, 4]
    ]
  },
  {
    category: 'time',
    write: ([place, opens, closes, days, shortClose]) => ({
      text: `A ${place} is open from ${opens}:00 to ${closes}:00 on ${days} days of the week and from ${opens}:00 to ${shortClose}:00 on one more day. For how many hours is it open in a week?`,
      answer: (closes - opens) * days + (shortClose - opens)
    }),
    rows: [
      ['post office', 9, 17, 5, 13],
      ['museum', 10, 18, 6, 21],
      ['bakery', 6, 15, 5, 11],
      ['swimming pool', 7, 22, 4, 12]
    ]
  },
  {
    category: 'mixtures',
    write: ([drink, cups, people, jugs, perJug]) => ({
      text: `${people} people each drink ${cups} cups of ${drink}. There were ${jugs} jugs with ${perJug} cups each. How many cups of ${drink} are left?`,
      answer: jugs * perJug - people * cups
    }),
    rows: [
      ['lemonade', 2, 13, 4, 8],
      ['iced tea', 3, 17, 6, 10],
      ['apple juice', 4, 9, 5, 11],
      ['cocoa', 2, 24, 7, 9]
    ]
  },
  {
    category: 'farm',
    write: ([first, firstLegs, firstCount, second, secondLegs, secondCount]) => ({
      text: `On a farm there are ${firstCount} ${first} with ${firstLegs} legs each and ${secondCount} ${second} with ${secondLegs} legs each. How many more legs do the ${first} have in total than the ${second}?`,
      answer: firstCount * firstLegs - secondCount * secondLegs
    }),
    rows: [
      ['sheep', 4, 18, 'geese', 2, 21],
      ['goats', 4, 27, 'hens', 2, 46],
      ['cows', 4, 34, 'ducks', 2, 50],
      ['pigs', 4, 15, 'turkeys', 2, 13]
    ]
  },
  {
    category: 'average',
    write: ([name, thing, first, second, third, wanted]) => ({
      text: `${name} scored ${first}, ${second} and ${third} points in the first three ${thing}. How many points does ${name} need in the fourth to have an average of ${wanted} points over all four?`,
      answer: 4 * wanted - first - second - third
    }),
    rows: [
      ['Yuki', 'quizzes', 82, 91, 77, 85],
      ['Marta', 'tests', 64, 70, 58, 66],
      ['Noah', 'archery rounds', 45, 52, 39, 47],
      ['Aisha', 'spelling contests', 17, 14, 19, 18]
    ]
  },
  {
    category: 'seats',
    write: ([place, rows, perRow, taken, arrive]) => ({
      text: `A ${place} has ${rows} rows of ${perRow} seats. ${taken} seats are taken, and then ${arrive} more people sit down. How many seats stay empty?`,
      answer: rows * perRow - taken - arrive
    }),
    rows: [
      ['cinema', 14, 18, 137, 46],
      ['concert hall', 25, 32, 518, 109],
      ['lecture room', 9, 15, 64, 38],
      ['circus tent', 21, 24, 285, 127]
    ]
  },
  {
    category: 'stock',
    write: ([shop, thing, start, sold, boxes, perBox]) => ({
      text: `A ${shop} had ${start} ${thing} on Monday morning. It sold ${sold} on each of the next three days, and on Thursday ${boxes} boxes with ${perBox} ${thing} each were delivered. How many ${thing} did it have then?`,
      answer: start - 3 * sold + boxes * perBox
    }),
    rows: [
      ['stationer', 'pencils', 310, 74, 6, 24],
      ['hardware shop', 'door handles', 95, 23, 4, 15],
      ['toy shop', 'kites', 128, 36, 5, 12],
      ['garden centre', 'rose bushes', 260, 57, 8, 16]
    ]
  },
  {
    category: 'work',
    write: ([name, job, rate, hours, extraRate, extraHours]) => ({
      text: `${name} earns ${rate} dollars an hour as a ${job} and ${extraRate} dollars more for every hour beyond ${hours} hours a week. Last week ${name} worked ${hours + extraHours} hours. How many dollars did ${name} earn?`,
      answer: (hours + extraHours) * rate + extraHours * extraRate
    }),
    rows: [
      ['Petra', 'carpenter', 24, 40, 6, 5],
      ['Luis', 'cook', 17, 35, 8, 7],
      ['Hana', 'courier', 15, 30, 4, 9],
      ['Viktor', 'tailor', 21, 38, 5, 6]
    ]
  },
  {
    category: 'books',
    write: ([name, pages, perDay, days, faster]) => ({
      text: `${name} reads a book of ${pages} pages, ${perDay} pages a day for ${days} days and then ${faster} pages a day. How many days does ${name} need for the whole book?`,
      answer: days + (pages - perDay * days) / faster
    }),
    rows: [
      ['Clara', 336, 24, 4, 40],
      ['Emil', 450, 30, 5, 50],
      ['Fatima', 288, 18, 6, 36],
      ['Gustav', 520, 35, 8, 48]
    ]
  },
  {
    category: 'water',
    write: ([vessel, litres, inFlow, outFlow, minutes]) => ({
      text: `A ${vessel} holds ${litres} litres. ${inFlow} litres run in every minute while ${outFlow} litres leak out every minute. How many litres does it hold after ${minutes} minutes?`,
      answer: litres + (inFlow - outFlow) * minutes
    }),
    rows: [
      ['rain barrel', 40, 7, 2, 12],
      ['fountain', 150, 22, 9, 15],
      ['bath tub', 35, 13, 4, 9],
      ['pond', 800, 60, 45, 20]
    ]
  },
  {
    category: 'garden',
    write: ([plant, beds, perBed, die, fruit]) => ({
      text: `A gardener plants ${beds} beds with ${perBed} ${plant} plants each. ${die} plants die, and each of the remaining plants bears ${fruit} fruits. How many fruits are there?`,
      answer: (beds * perBed - die) * fruit
    }),
    rows: [
      ['tomato', 5, 12, 7, 9],
      ['pepper', 8, 6, 11, 6],
      ['pumpkin', 3, 9, 4, 3],
      ['aubergine', 7, 8, 13, 5]
    ]
  },
  {
    category: 'school',
    write: ([trip, classes, pupils, seats, teachers]) => ({
      text: `${classes} classes of ${pupils} pupils and ${teachers} teachers go on a trip to a ${trip}. Each bus has ${seats} seats. How many buses are needed so that everyone has a seat?`,
      answer: Math.ceil((classes * pupils + teachers) / seats)
    }),
    rows: [
      ['castle', 4, 26, 48, 7],
      ['zoo', 6, 23, 52, 11],
      ['glacier', 3, 29, 35, 5],
      ['harbour', 5, 27, 44, 9]
    ]
  },
  {
    category: 'recipe',
    write: ([dish, portions, grams, people, perBag]) => ({
      text: `A recipe for ${portions} portions of ${dish} needs ${grams} grams of flour. Someone cooks ${people} portions. Flour comes in bags of ${perBag} grams. How many grams of flour are left over when as few bags as possible are opened?`,
      answer: Math.ceil((grams * people) / portions / perBag) * perBag - (grams * people) / portions
    }),
    rows: [
      ['pancakes', 4, 250, 14, 500],
      ['dumplings', 6, 420, 15, 400],
      ['flatbread', 8, 600, 20, 1000],
      ['pasta', 5, 450, 12, 250]
    ]
  }
]

const ASKED = 'Think step by step and end with a line "Answer: " followed by the number.'

const prompts = TEMPLATES.flatMap(({ category, write, rows }) =>
  rows.map((row) => {
    const { text, answer } = write(row)
    if (!Number.isSafeInteger(answer) || answer <= 0) throw new Error(`${answer} is no answer to: ${text}`)
    return { text: `${text} ${ASKED}`, category, answers: [String(answer)] }
  })
)

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
