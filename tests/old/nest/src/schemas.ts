import { InternalServerErrorException, type Type } from "@nestjs/common";
import { Prop, Schema, SchemaFactory } from "@nestjs/mongoose";
import { type Document, SchemaTypes, type Types } from "mongoose";

@Schema({ timestamps: true })
export class User {
  @Prop({ required: true })
  name!: string;

  @Prop({ required: true, unique: true })
  email!: string;

  @Prop({ required: true })
  password!: string;

  @Prop()
  role?: string;

  @Prop()
  isActive?: boolean;
}

@Schema({ _id: false })
export class Question {
  @Prop()
  id!: string;

  @Prop()
  question!: string;

  @Prop([String])
  options!: string[];
}

@Schema({ timestamps: true })
export class Quiz {
  @Prop({ required: true })
  topic!: string;

  @Prop({ type: SchemaTypes.ObjectId, ref: "User" })
  createdBy?: Types.ObjectId;

  @Prop([SchemaFactory.createForClass(Question)])
  questions!: Question[];

  @Prop([String])
  correctAnswers!: string[];

  @Prop({ default: "active" })
  status!: string;

  @Prop()
  sourceContent?: string;
}

@Schema({ _id: false })
export class QuestionResult {
  @Prop()
  questionId!: string;

  @Prop()
  question!: string;

  @Prop()
  userAnswer?: string;

  @Prop()
  correctAnswer?: string;

  @Prop()
  isCorrect!: boolean;

  @Prop()
  explanation?: string;
}

@Schema({ timestamps: true })
export class QuizAttempt {
  @Prop({ type: SchemaTypes.ObjectId, ref: "Quiz", required: true })
  quizId!: Types.ObjectId;

  @Prop({ type: SchemaTypes.ObjectId, ref: "User", required: true })
  userId!: Types.ObjectId;

  @Prop({ type: Object, default: {} })
  userAnswers!: Record<string, string>;

  @Prop()
  score!: number;

  @Prop()
  totalQuestions!: number;

  @Prop()
  percentage!: number;

  @Prop([SchemaFactory.createForClass(QuestionResult)])
  questionResults!: QuestionResult[];

  @Prop()
  completedAt!: Date;
}

@Schema({ timestamps: true })
export class Note {
  @Prop({ required: true })
  title!: string;

  @Prop()
  content?: string;

  @Prop([String])
  tags!: string[];

  @Prop({ type: SchemaTypes.ObjectId, ref: "User", required: true })
  user!: Types.ObjectId;

  @Prop({ type: Object, default: {} })
  metadata!: Record<string, unknown>;
}

@Schema({ timestamps: true })
export class StudySession {
  @Prop({ type: SchemaTypes.ObjectId, ref: "User", required: true })
  userId!: Types.ObjectId;

  @Prop({ required: true })
  startTime!: Date;

  @Prop()
  endTime?: Date;

  @Prop({ default: 0 })
  durationMinutes!: number;

  @Prop({ default: "focus" })
  sessionType!: string;

  @Prop()
  subject?: string;

  @Prop()
  topic?: string;

  @Prop()
  taskId?: string;

  @Prop()
  notes?: string;

  @Prop({ default: false })
  completed!: boolean;
}

export interface TopicPerformance {
  quizzesTaken: number;
  averageScore: number;
  bestScore: number;
  improvementTrend: number;
}

@Schema({ timestamps: true })
export class UserPerformance {
  @Prop({ type: SchemaTypes.ObjectId, ref: "User", required: true })
  userId!: Types.ObjectId;

  @Prop({ default: 0 })
  totalQuizzes!: number;

  @Prop({ default: 0 })
  averageScore!: number;

  @Prop({ type: Object, default: {} })
  topicPerformance!: Record<string, TopicPerformance>;

  @Prop()
  lastUpdated!: Date;
}

function modelOf(type: Type) {
  const schema = SchemaFactory.createForClass(type);
  // By itself Mongoose leaves out in silence what it cannot cast.
  schema.post("init", (document: Document) => {
    if (document.errors) {
      const errors = Object.values(document.errors).join(", ");
      throw new InternalServerErrorException(`${type.name} ${document._id}: ${errors}`);
    }
  });
  return { name: type.name, schema };
}

export const models = [User, Quiz, QuizAttempt, Note, StudySession, UserPerformance].map(modelOf);
