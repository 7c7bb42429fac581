/** Somebody who lives in the demo. */
export interface DemoPerson {
  username: string
  displayName: string
  bio: string
  /** Known to everybody who reads this: the demo serves one machine only. */
  password: string
}

/** One message, in the order of the chat. */
export interface DemoLine {
  by: string
  text: string
  /** Counted from the end: 1 answers the message just before. */
  answers?: number
  /** What it said at first, where it was edited. */
  first?: string
  deleted?: true
}

export interface DemoChat {
  /** The first one opens the chat. */
  people: string[]
  /** Null in a chat of two. */
  group: { title: string; description: string } | null
  lines: DemoLine[]
  /** How many of the last messages somebody has not read; who is not named here has read all. */
  unread: Record<string, number>
}

/** The first one becomes the server's admin. Alice and Bob sign in with what GraphiQL's first tab suggests. */
export const DEMO_PEOPLE: DemoPerson[] = [
  { username: 'alice', displayName: 'Alice Novak', bio: 'Maps, mountains, far too many houseplants 🌿', password: 'seven-quiet-lanterns' },
  { username: 'bob', displayName: 'Bob Tanaka', bio: 'Baker of sourdough, breaker of bicycles', password: 'nine-merry-kettles' },
  { username: 'carol', displayName: 'Carol Mendes', bio: 'Reading. Always reading.', password: 'two-patient-rivers' },
  { username: 'dan', displayName: 'Dan Okafor', bio: 'Here for the snacks', password: 'five-paper-comets' },
]

/** From the one that was quiet longest to the newest. */
export const DEMO_CHATS: DemoChat[] = [
  {
    people: ['carol', 'alice', 'bob'],
    group: { title: 'Book club 📚', description: 'One book a month. Finishing it is optional, cake is not.' },
    lines: [
      { by: 'carol', text: 'New month, new book! Who has suggestions?' },
      { by: 'alice', text: 'Something short please, I am still on page 80 of the last one 🙈' },
      { by: 'bob', text: 'You said that about the one before, too', answers: 1 },
      { by: 'alice', text: 'And it was true then as well!' },
      { by: 'carol', text: 'How about short stories? Then everybody reads at least one.' },
      { by: 'bob', text: 'Sold.' },
      { by: 'alice', text: 'Yes! 🎉', answers: 2 },
      { by: 'carol', text: 'I will bring three collections on Thursday and we vote.' },
      { by: 'bob', text: 'Thursday at seven, at my place. I am baking.', first: 'Thursday at eight, at my place. I am baking.' },
      { by: 'carol', text: 'Seven or eight? My calendar says eight.' },
      { by: 'bob', text: 'Seven, sorry. I have corrected it above.', answers: 1 },
      { by: 'alice', text: 'What are you baking? This may decide whether I am on time.' },
      { by: 'bob', text: 'Cinnamon buns.' },
      { by: 'alice', text: 'I will be there at six.' },
      { by: 'carol', text: '😂' },
    ],
    unread: { bob: 2 },
  },
  {
    people: ['alice', 'bob'],
    group: null,
    lines: [
      { by: 'alice', text: 'Morning! Did the bike survive the rain?' },
      { by: 'bob', text: 'The bike did. My shoes are drying on the radiator.' },
      { by: 'alice', text: 'Oh no 😄' },
      { by: 'bob', text: 'Do you still have that small pump? Mine has vanished.' },
      { by: 'alice', text: 'In the hall cupboard, behind the tent. Come by any time after five.' },
      { by: 'bob', text: 'You are a hero.', answers: 1 },
      { by: 'bob', text: 'the door code is 4711, right?', deleted: true },
      { by: 'alice', text: 'Better ring the bell, I am at home anyway.' },
      { by: 'bob', text: 'Will do! I am bringing half a loaf as rent for the pump 🍞' },
      { by: 'alice', text: 'Best deal of the week.' },
      { by: 'bob', text: 'It has walnuts in it.' },
      { by: 'alice', text: 'Best deal of the month, then.' },
      { by: 'bob', text: 'Leaving now, there in twenty minutes 🚲' },
    ],
    unread: { alice: 1 },
  },
  {
    people: ['carol', 'alice'],
    group: null,
    lines: [
      { by: 'carol', text: 'Quick question: is your aunt still renting out the cabin by the lake?' },
      { by: 'alice', text: 'She is! Most weekends in autumn are free, I think.' },
      { by: 'carol', text: 'My sister is visiting in October and has never seen a lake that you can drink from.' },
      { by: 'alice', text: 'Please tell her not to drink from the lake 😅', answers: 1 },
      { by: 'carol', text: 'Ha! Noted.' },
      { by: 'alice', text: 'I can ask for the second weekend. There is a wood stove and a canoe, but no signal at all.' },
      { by: 'carol', text: 'No signal sounds like a holiday.', answers: 1 },
      { by: 'alice', text: 'She says yes! Two nights, bring your own bed linen.', first: 'She says yes! Two nights, bring your own sheets and towels.' },
      { by: 'carol', text: 'Wonderful, thank you both so much ❤️' },
      { by: 'carol', text: 'Does the canoe hold three?' },
      { by: 'carol', text: 'And a dog?' },
      { by: 'carol', text: 'A small dog.' },
    ],
    unread: { alice: 3 },
  },
  {
    people: ['alice', 'bob', 'carol', 'dan'],
    group: { title: 'Saturday hike 🥾', description: 'Whoever comes up with the route also carries the map.' },
    lines: [
      { by: 'alice', text: 'Saturday looks dry! Ridge path or the gorge?' },
      { by: 'dan', text: 'Which one has a café at the end?' },
      { by: 'alice', text: 'Both. I know whom I am walking with.', answers: 1 },
      { by: 'carol', text: 'The gorge, please. It will be warm and I like shade.' },
      { by: 'bob', text: 'Gorge 👍' },
      { by: 'dan', text: 'Gorge. What is the cake like there?' },
      { by: 'carol', text: 'Plum, last time. Very good.' },
      { by: 'dan', text: 'I have no further questions.' },
      { by: 'alice', text: 'Then the train at 8:42 from platform 3. Twelve kilometres, some 400 metres up.', first: 'Then the train at 8:24 from platform 3. Twelve kilometres, some 400 metres up.' },
      { by: 'bob', text: '8:42 on a Saturday… fine 😴' },
      { by: 'carol', text: 'I can bring the big thermos, who drinks coffee?' },
      { by: 'bob', text: 'Me! ☕', answers: 1 },
      { by: 'dan', text: 'Me too. I bring snacks. All of them.' },
      { by: 'alice', text: 'Tea for me, I have my own.' },
      { by: 'dan', text: 'does anybody have a spare rucksack? mine smells of last summer', deleted: true },
      { by: 'dan', text: 'Found one, never mind!' },
      { by: 'carol', text: 'The bridge at the waterfall is open again, by the way, I looked it up.' },
      { by: 'bob', text: 'Then we can take the loop and do not have to walk back the same way' },
      { by: 'alice', text: 'Perfect, I put the loop on the map.', answers: 1 },
      { by: 'dan', text: 'How many sandwiches is a normal number of sandwiches for twelve kilometres?' },
      { by: 'carol', text: 'Two.' },
      { by: 'bob', text: 'Three.' },
      { by: 'dan', text: 'Six it is. See you on the platform! 🚆' },
    ],
    unread: { alice: 4, bob: 1, carol: 2 },
  },
]
