import javascript from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import typescript from 'typescript-eslint';

/** What scripts in bin/ use of Node's globals. */
const nodeGlobals = ['process', 'console', 'URL', 'performance', 'setInterval', 'clearInterval'];
/** And those that are no modules. */
const scriptGlobals = ['require', 'exports', '__dirname'];

const exitsElsewhere = {
  selector: "MemberExpression[object.name='process'][property.name=/^(exit|exitCode|abort|reallyExit)$/]",
  message: 'The process ends in src/cli/exit.ts only: throw a Failure, or return an exit code.',
};
const privateByKeyword = {
  selector: ':matches(PropertyDefinition, MethodDefinition)[accessibility]',
  message: 'Use #name for what is private.',
};

/** The headline directions; test/unit/project/imports.test.ts holds every room's. */
function mayNotImport(...patterns) {
  return ['error', { patterns: patterns.map(([regex, message]) => ({ regex, message })) }];
}

export default defineConfig(
  globalIgnores([
    'dist/',
    'node_modules/',
    'coverage/',
    'bench-results/',
    '.run-plan/',
    'src/language/generated/',
    'test/fixtures/plans/',
  ]),
  javascript.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      // There are no enums (erasableSyntaxOnly); asking after them took a sixth of the linter's time.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // Code points are what a spread string is wanted for here.
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A number in a message needs no String() around it.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      'no-restricted-syntax': ['error', exitsElsewhere, privateByKeyword],
      'no-console': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-imports': mayNotImport(
        ['(^|/)tasks/', 'src never imports a task: the registry is handed to it.'],
        ['(^|/)test/', 'src never imports tests.'],
      ),
    },
  },
  {
    files: ['tasks/**/*.ts'],
    rules: {
      'no-restricted-imports': mayNotImport([
        'src/(cli|place|run)/',
        'A task knows the task contract and the domain, never what runs it.',
      ]),
    },
  },
  { files: ['src/cli/exit.ts'], rules: { 'no-restricted-syntax': ['error', privateByKeyword] } },
  {
    files: ['test/**/*.ts', 'schemas/**/*.ts'],
    rules: {
      'no-console': 'off',
      'no-restricted-syntax': 'off',
      // Vitest's asymmetric matchers (expect.stringContaining) are typed any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])) },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: Object.fromEntries(scriptGlobals.map((name) => [name, 'readonly'])),
    },
  },
);
