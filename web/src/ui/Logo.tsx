/** Two voices, one over the other. */
export function Logo({ className = 'size-10' }: { className?: string }) {
  return (
    <svg viewBox="0 0 48 48" className={className} aria-hidden>
      <rect width="48" height="48" rx="14" fill="#1d6556" />
      <path d="M12 14h17a6 6 0 0 1 6 6v1H23a7 7 0 0 0-7 7v4l-4 3z" fill="#f2efe8" />
      <path d="M24 24h9a4 4 0 0 1 4 4v9l-5-3h-8a4 4 0 0 1-4-4v-2a4 4 0 0 1 4-4z" fill="#f0b45a" />
    </svg>
  )
}
