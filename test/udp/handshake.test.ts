import { describe, expect, it } from 'vitest'
import { ephemeralOf, type Trust } from '../../src/udp/agreement.ts'
import { Answerer } from '../../src/udp/answerer.ts'
import { sealEmpty } from '../../src/udp/bodies.ts'
import { Caller } from '../../src/udp/caller.ts'
import { writeRefused } from '../../src/udp/hello.ts'
import { helloBytes, packetType } from '../../src/udp/protocol.ts'
import { filled, trustOf } from './pair.ts'

const from = '192.0.2.1:5000'

function ends(calling: Trust = trustOf(), answering: Trust = trustOf(), seed = 1) {
  const caller = new Caller(filled(8, seed), ephemeralOf(filled(32, seed)), calling)
  const answerer = new Answerer(answering, filled(32, 77), () => ephemeralOf(filled(32, seed + 1)))
  return { caller, answerer }
}

/** Lets both talk until neither says anything at `nowMs`. */
function talk({ caller, answerer }: ReturnType<typeof ends>, nowMs = 0): Buffer[] {
  const answers: Buffer[] = []
  for (let turn = 0; turn < 4; turn++) {
    for (const packet of caller.poll(nowMs)) {
      const answer = answerer.answer(packet, from, nowMs)
      if (answer === undefined) continue
      expect(answer.length).toBeLessThan(packet.length)
      answers.push(answer)
      caller.onDatagram(answer, nowMs)
    }
  }
  return answers
}

describe('the handshake', () => {
  it('gives both ends the same keys after a cookie', () => {
    const both = ends()
    expect(talk(both).map((packet) => packet[0])).toEqual([packetType.cookie, packetType.welcome])
    const ping = sealEmpty(both.caller.session!, 'ping')
    expect(both.answerer.sessionOf(ping)?.open(ping)).toMatchObject({ type: packetType.ping })
  })

  it('answers the same HELLO the same way, since the answer may be lost', () => {
    const both = ends()
    const [cookie] = both.caller.poll(0).map((hello) => both.answerer.answer(hello, from, 0)!)
    both.caller.onDatagram(cookie!, 0)
    const [hello] = both.caller.poll(0)
    const [one, two] = [both.answerer.answer(hello!, from, 1), both.answerer.answer(hello!, from, 2)]
    expect(one![0]).toBe(packetType.welcome)
    expect(one).toEqual(two)
  })

  it.each([20, 90, 110, 250, 900])('takes a round trip of %d ms for no shorter one, though it calls again', (rttMs) => {
    const { caller, answerer } = ends()
    const onWay: { atMs: number; answer: Buffer }[] = []
    let nowMs = 1000
    for (; caller.session === undefined && nowMs < 9000; nowMs++) {
      while (onWay[0] !== undefined && onWay[0].atMs <= nowMs) caller.onDatagram(onWay.shift()!.answer, nowMs)
      for (const hello of caller.poll(nowMs)) {
        const answer = answerer.answer(Buffer.from(hello), from, nowMs)
        if (answer !== undefined) onWay.push({ atMs: nowMs + rttMs, answer })
      }
    }
    expect(caller.session).toBeDefined()
    expect(caller.rttMs).toBe(rttMs)
  })

  it('keeps nothing of callers without a cookie, and refuses cookies of other addresses and times', () => {
    const both = ends()
    const [cookie] = both.caller.poll(0).map((hello) => both.answerer.answer(hello, from, 0)!)
    both.caller.onDatagram(cookie!, 0)
    const [hello] = both.caller.poll(0)
    expect(both.answerer.answer(hello!, '192.0.2.2:5000', 0)![0]).toBe(packetType.cookie)
    expect(both.answerer.answer(hello!, '192.0.2.1:5001', 0)![0]).toBe(packetType.cookie)
    expect(both.answerer.answer(hello!, from, 60_001)![0]).toBe(packetType.cookie)
    expect(both.answerer.answer(hello!, from, 59_999)![0]).toBe(packetType.welcome)
  })

  it('does not answer a HELLO that is shorter, nor anything else', () => {
    const { caller, answerer } = ends()
    const [hello] = caller.poll(0)
    expect(answerer.answer(hello!.subarray(0, 1199), from, 0)).toBeUndefined()
    // Nor where it would be refused for its version.
    const older = Buffer.from(hello!).fill(0, 1, 2)
    expect(answerer.answer(older, from, 0)).toBeDefined()
    expect(answerer.answer(older.subarray(0, 1199), from, 0)).toBeUndefined()
    for (let type = 0; type < 256; type++) {
      if (type !== packetType.hello)
        expect(answerer.answer(Buffer.from(hello!).fill(type, 0, 1), from, 0)).toBeUndefined()
    }
  })

  it.each([
    ['another key', trustOf('aes-256-gcm', 1), trustOf('aes-256-gcm', 2), 'permission', 'the receiver has another key'],
    ['no key', trustOf('none'), trustOf(), 'permission', 'one end has a key and the other was started with --insecure'],
    ['a key where none is', trustOf(), trustOf('none'), 'permission', 'one end has a key and the other'],
  ] as const)('is refused with %s', (_, calling, answering, kind, message) => {
    const both = ends(calling, answering)
    expect(() => talk(both)).toThrowError(expect.objectContaining({ kind, message: expect.stringContaining(message) }))
    expect(both.caller.session).toBeUndefined()
  })

  it('takes either cipher', () => {
    const both = ends(trustOf('chacha20-poly1305'), trustOf('aes-256-gcm'))
    talk(both)
    const ping = sealEmpty(both.caller.session!, 'ping')
    expect(both.answerer.sessionOf(ping)?.open(ping)).toBeDefined()
  })

  it('of another version is refused, and ends with 76 at the caller', () => {
    const { caller, answerer } = ends()
    const refuse = () => {
      const hello = Buffer.from(caller.poll(0)[0]!)
      hello[1] = 2
      caller.onDatagram(answerer.answer(hello, from, 0)!, 0)
    }
    refuse()
    refuse()
    expect(refuse).toThrowError(expect.objectContaining({ kind: 'protocol' }))
  })

  it('goes on where a bit of a HELLO changes on the way, and its refusals are doubled', () => {
    // Every third bit of what it says; of the zeros and the tag behind that, one in 67.
    for (let bit = 0; bit < helloBytes * 8; bit += bit < 68 * 8 ? 3 : 67) {
      const { caller, answerer } = ends()
      caller.onDatagram(answerer.answer(caller.poll(0)[0]!, from, 0)!, 0)
      const changed = Buffer.from(caller.poll(0)[0]!)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const answer = answerer.answer(changed, from, 0)
      for (let copy = 0; copy < 4 && answer !== undefined; copy++) caller.onDatagram(answer, 0)
      talk({ caller, answerer }, 100)
      expect(caller.session, `bit ${bit}`).toBeDefined()
    }
  })

  it('believes refusals only in a row: what was answered otherwise between them does not end a long wait', () => {
    const { caller, answerer } = ends()
    const [cookie, refused, busy] = [
      answerer.answer(caller.poll(0)[0]!, from, 0)!,
      writeRefused(filled(8, 1), 'key'),
      writeRefused(filled(8, 1), 'busy'),
    ]
    for (let turn = 0; turn < 9; turn++) {
      const nowMs = 2000 * turn
      caller.onDatagram(refused, nowMs)
      expect(caller.poll(nowMs)).toHaveLength(1)
      caller.onDatagram(refused, nowMs)
      expect(caller.poll(nowMs)).toHaveLength(1)
      caller.onDatagram(turn % 2 === 0 ? cookie : busy, nowMs)
      caller.poll(nowMs + 1500)
    }
    expect(caller.session).toBeUndefined()
  })

  it('tells a second caller that it is busy, and that one calls again', () => {
    const [first, second] = [ends(), ends(trustOf(), trustOf(), 30)]
    talk(first)
    const session = first.answerer.sessionOf(sealEmpty(first.caller.session!, 'ping'))
    for (let turn = 0; turn < 3; turn++) {
      for (const packet of second.caller.poll(turn)) {
        const answer = first.answerer.answer(packet, '192.0.2.9:1', turn, session)
        second.caller.onDatagram(answer!, turn)
      }
    }
    expect(second.caller).toMatchObject({ wasBusy: true, session: undefined })
    expect(second.caller.poll(1000)).toHaveLength(1)
  })

  it('is not fooled by a WELCOME in which a bit has changed', () => {
    const both = ends()
    const [cookie] = both.caller.poll(0).map((hello) => both.answerer.answer(hello, from, 0)!)
    both.caller.onDatagram(cookie!, 0)
    const welcome = both.answerer.answer(both.caller.poll(0)[0]!, from, 0)!
    // The highest bit of an X25519 key does not count (RFC 7748), but the transcript has it.
    for (let bit = 0; bit < welcome.length * 8; bit++) {
      const changed = Buffer.from(welcome)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      try {
        both.caller.onDatagram(changed, 1)
      } catch {}
      expect(both.caller.session, `bit ${bit}`).toBeUndefined()
    }
    both.caller.onDatagram(welcome, 1)
    expect(both.caller.session).toBeDefined()
  })

  it('remembers no more than 16 callers that did not go on', () => {
    const { answerer } = ends()
    const hellos = Array.from({ length: 20 }, (_, index) => {
      const { caller } = ends(trustOf(), trustOf(), index + 1)
      caller.onDatagram(answerer.answer(caller.poll(0)[0]!, from, 0)!, 0)
      const [hello] = caller.poll(0)
      answerer.answer(hello!, from, 0)
      return hello!
    })
    expect(hellos.map((hello) => answerer.sessionOf(hello) !== undefined)).toEqual(
      Array.from({ length: 20 }, (_, index) => index >= 4),
    )
  })
})
