import { expect, it } from 'vitest';
import { tokenFrom } from './SignInPanel';

it.each([
  ['http://127.0.0.1:7878/setup?token=V7Q-a_b', 'V7Q-a_b'],
  ['  https://host.example/setup?x=1&token=abc#frag ', 'abc'],
  ['abc', 'abc'],
  ['', ''],
])('reads %j as %j', (pasted, token) => expect(tokenFrom(pasted)).toBe(token));
