/** The bundler gathers imported styles; to TypeScript they are nothing. */
declare module '*.css';
