import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { Markdown } from './Markdown';

afterEach(cleanup);

it('never_loads_a_picture_from_another_host', () => {
  const { container } = render(<Markdown text={'![a chart](https://elsewhere.example/x.png)\n\n![dot](data:image/png;base64,AA==)'} />);
  expect([...container.querySelectorAll('img')].map((image) => image.getAttribute('src'))).not.toContain('https://elsewhere.example/x.png');
  expect(screen.getByText('a chart').getAttribute('href')).toBe('https://elsewhere.example/x.png');
});

it('shows_html_and_script_links_as_text', () => {
  const { container } = render(<Markdown text={'<script>alert(1)</script> <b>x</b>\n\n[go](javascript:alert(1))'} />);
  expect(container.querySelector('script, b')).toBeNull();
  expect(screen.getByText('go').getAttribute('href') ?? '').not.toContain('javascript');
});

it('gives_code_a_copy_button_that_names_its_language', () => {
  render(<Markdown text={'```py\nx = 1\n```'} />);
  expect(screen.getByRole('region', { name: 'py code' }).textContent).toBe('x = 1');
  expect(screen.getByRole('button', { name: 'Copy py code' })).toBeTruthy();
});
