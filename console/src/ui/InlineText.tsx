/** Plain text whose parts between backticks are code; line breaks inside a paragraph are spaces. */
export function InlineText({ text }: { text: string }) {
  return (
    <>
      {text.split(/`([^`]+)`/).map((part, index) =>
        index % 2 === 1 ? (
          <code key={index} className="rounded bg-sunken px-1 text-[0.9em] break-words text-text">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}
